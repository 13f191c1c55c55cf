import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { QueryInvalid } from "../../../src/query/QueryInvalid.ts"
import { sessionsQuery } from "../../../src/query/sessions/SessionsQuery.ts"
import { answer, contextOf, insertEvents } from "../eventStore.ts"
import { START } from "./drawnActivity.ts"

const MINUTE = 60_000
const iso = (ms: number) => new Date(START + ms).toISOString()

const ask = Effect.fnUntraced(function* (more: object) {
  const request = yield* decodeStrictly(sessionsQuery.request)({
    kind: "sessions",
    from: iso(0),
    to: iso(120 * MINUTE),
    list: true,
    ...more
  })
  const result = yield* answer(yield* sessionsQuery.compile(request, contextOf()))
  if (result instanceof QueryInvalid) return yield* result
  return result
})

const visit = (person: number, at: number, messageId: string, path: string) => ({
  event: "Seen",
  person,
  at: START + at,
  messageId,
  props: { path, ...(path === "/c" ? { plan: "pro" } : {}) }
})

describe("sessions", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("end after the timeout, with equal times in the order of message ids", () =>
    Effect.gen(function* () {
      yield* insertEvents([
        visit(1, 0, "m2", "/b"),
        visit(1, 0, "m1", "/a"),
        visit(1, 30 * MINUTE, "m3", "/c"),
        visit(1, 60 * MINUTE + 1, "m5", "/e"),
        visit(1, 60 * MINUTE + 1, "m4", "/d"),
        visit(2, 0, "m6", "/x")
      ])
      const all = yield* ask({})
      const wanted = [
        { personId: "1", start: iso(0), entry: "/a", exit: "/c", events: 3 },
        { personId: "2", start: iso(0), entry: "/x", exit: "/x", events: 1 },
        { personId: "1", start: iso(60 * MINUTE + 1), entry: "/d", exit: "/e" }
      ]
      expect(all).toMatchObject({ count: 3, people: 2, nextCursor: null })
      expect(all.sessions).toMatchObject(wanted)

      const paged: Array<unknown> = []
      let cursor: string | null | undefined
      do {
        const page = yield* ask({ limit: 1, ...(cursor ? { cursor } : {}) })
        paged.push(...(page.sessions ?? []))
        cursor = page.nextCursor
      } while (typeof cursor === "string" && paged.length < 9)
      expect(paged).toEqual([...(all.sessions ?? [])])

      const longer = yield* ask({ timeoutSeconds: 1801 })
      expect(longer).toMatchObject({ count: 2, bounceRate: 0.5 })
    })
  )

  effect("are kept by one event that matches, and that one names the group", () =>
    Effect.gen(function* () {
      const filters = [{ property: "plan", op: "is", value: "pro" }]
      const found = yield* ask({ filters, breakdown: ["path"] })
      expect(found).toMatchObject({
        count: 1,
        entry: [{ value: "/a", count: 1 }],
        exit: [{ value: "/c", count: 1 }],
        series: [{ breakdown: ["/c"], other: false, data: [1] }]
      })
    })
  )

  effect("refuse a timeout and a cursor that cannot be", () =>
    Effect.gen(function* () {
      const faults = [
        [{ timeoutSeconds: 0 }, "/timeoutSeconds"],
        [{ timeoutSeconds: 86_401 }, "/timeoutSeconds"],
        [{ cursor: "nonsense" }, "/cursor"]
      ] as const
      for (const [more, pointer] of faults) {
        const refused = yield* Effect.flip(ask(more))
        expect(refused).toMatchObject({ errors: [{ pointer }] })
      }
    })
  )
})
