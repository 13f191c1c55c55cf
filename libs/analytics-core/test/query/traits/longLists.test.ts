import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { column, render } from "../../../src/query/Sql.ts"
import { userTraits } from "../../../src/query/TraitSource.ts"
import { contextOf, insertEvents } from "../eventStore.ts"

const START = Date.UTC(2025, 2, 1)
const PROJECT = 690
const CHANGES = 30_000
const MEMORY = 256 * 2 ** 20

const names = ["$append.l", "$union.l", "$prepend.l", "$remove.l"]

/** Every element that is removed was added two changes before. */
const changeOf = (at: number) => ({
  [names[at % 4] ?? ""]: JSON.stringify([`v${at % 4 === 3 ? at - 2 : at}`])
})

describe("a list that was changed very often", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "takes memory by its length, not by its length times its changes",
    () =>
      Effect.gen(function* () {
        const changes = Array.from({ length: CHANGES }, (_, at) => at)
        yield* insertEvents(
          changes.map((at) => ({
            project: PROJECT,
            event: "$identify",
            at: START + at,
            messageId: `m${at}`,
            person: 1,
            leaves: changeOf(at)
          }))
        )
        const context = {
          ...contextOf(PROJECT),
          watermark: START + CHANGES,
          hasTraitChanges: true
        }
        const { params, sql } = render(
          userTraits(context, [{ path: "l", column: column("v", 0) }])
        )
        const rows = yield* (yield* ClickHouse).query<{ v0: string }>(sql, {
          params,
          settings: { max_memory_usage: String(MEMORY) }
        })
        const inFront = changes.filter((at) => at % 4 === 2).toReversed()
        const behind = changes.filter((at) => at % 4 === 0)
        expect(rows.map(({ v0 }) => v0)).toEqual([
          JSON.stringify([...inFront, ...behind].map((at) => `v${at}`))
        ])
      }),
    60_000
  )
})
