import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { liveQuery } from "../../src/query/live/LiveQuery.ts"
import { contextOf, insertEvents } from "./eventStore.ts"

const NOW = Date.UTC(2025, 2, 1, 12)
const MINUTE = 60_000
const PROJECT = 44

describe("the live view", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("does not take for recent what a clock ahead of time says", () =>
    Effect.gen(function* () {
      const minutes = [-6, -5, -1, 0, 60, 23 * 60]
      yield* insertEvents(
        minutes.map((after, index) => ({
          ...{
            project: PROJECT,
            event: "a",
            person: index + 1,
            messageId: `m${index}`
          },
          ...{ at: NOW + after * MINUTE, knownAt: NOW }
        }))
      )
      const { decode, recent } = liveQuery(
        {},
        {
          context: { ...contextOf(PROJECT), now: NOW, watermark: NOW },
          after: NOW,
          limit: 10,
          lately: { known: NOW - MINUTE, happened: NOW - 5 * MINUTE }
        }
      )
      const store = yield* ClickHouse
      const rows = yield* store.query(recent.sql, { params: recent.params })
      expect(decode([], rows)).toMatchObject({ peopleLastFiveMinutes: 3 })
    })
  )
})
