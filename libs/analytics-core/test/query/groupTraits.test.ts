import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { parseQuery } from "../../src/query/Query.ts"
import { answer, contextOf, insertEvents } from "./eventStore.ts"

const START = Date.UTC(2025, 2, 1)
const PROJECT = 43

const ask = Effect.fnUntraced(function* (body: object) {
  const query = yield* parseQuery({
    from: "2025-03-01T00:00:00Z",
    to: "2025-03-02T00:00:00Z",
    ...body
  })
  return yield* answer(yield* query.compile(contextOf(PROJECT)))
})

describe("traits of groups", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "are there for sessions and people, whose answers have a column `events`",
    () =>
      Effect.gen(function* () {
        const of = { project: PROJECT, at: START }
        yield* insertEvents([
          { ...of, event: "a", person: 1, messageId: "m1" },
          { ...of, event: "a", person: 2, messageId: "m2" },
          {
            ...{ ...of, event: "$group", person: 1, messageId: "m3" },
            ...{ groupType: "default", groupId: "g", props: { tier: "gold" } }
          }
        ])
        const tier = "group.default.tier"
        const filters = [{ property: tier, op: "is", value: "gold" }]
        const sessions = { kind: "sessions", property: tier, list: true }
        expect(yield* ask(sessions)).toMatchObject({
          sessions: [{ entry: "gold" }, { entry: null }]
        })
        expect(yield* ask({ ...sessions, filters })).toMatchObject({
          count: 1,
          sessions: [{ personId: "1" }]
        })
        expect(yield* ask({ kind: "people", filters })).toMatchObject({
          people: [{ personId: "1" }]
        })
      })
  )
})
