import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { eventsQuery } from "../../../src/query/events/EventsQuery.ts"
import { eventsExample } from "../../../src/query/events/EventsRequest.ts"
import { answer, contextOf } from "../eventStore.ts"
import { storedAll } from "../storedProjects.ts"

const HOUR = 3_600_000
const START = Date.UTC(2025, 2, 1)
const iso = (at: number) => new Date(at).toISOString()

const ask = Effect.fnUntraced(function* (
  request: object,
  project: number,
  more: object = {}
) {
  const decoded = yield* decodeStrictly(eventsQuery.request)({
    kind: "events",
    ...request
  })
  const context = { ...contextOf(project), ...more }
  return yield* answer(yield* eventsQuery.compile(decoded, context))
})

/** All pages, one after the other. */
const askAll = Effect.fnUntraced(function* (
  request: object,
  project: number,
  more: object
) {
  const pages: Array<ReadonlyArray<string>> = []
  let cursor: string | null = ""
  while (cursor !== null) {
    const page: Effect.Success<ReturnType<typeof ask>> = yield* ask(
      cursor === "" ? request : { ...request, cursor },
      project,
      more
    )
    pages.push(page.events.map(({ messageId }) => messageId))
    cursor = page.nextCursor
  }
  return pages
})

const caseOf = fc.record({
  events: fc.uniqueArray(
    fc.record({
      messageId: fc.constantFrom(
        "a",
        "b",
        "ä",
        "B",
        "m 1",
        "m'2",
        "z",
        "",
        "😀",
        "\\",
        "k",
        "l"
      ),
      person: fc.integer({ min: 1, max: 3 }),
      event: fc.constantFrom("v", "v", "w", "$identify"),
      x: fc.constantFrom(0, 1),
      isBot: fc.boolean(),
      /** Few instants, so that ties are the rule; months and days apart. */
      at: fc.constantFrom(-900, -24, 0, 0, 1, 30)
    }),
    { maxLength: 12, selector: ({ messageId }) => messageId }
  ),
  event: fc.constantFrom("v", "$identify", undefined),
  x: fc.constantFrom(undefined, 1),
  includeBots: fc.boolean(),
  from: fc.constantFrom(undefined, -24, 0),
  to: fc.constantFrom(undefined, 1, 30),
  person: fc.constantFrom(undefined, 1, 2),
  linkedTo: fc.option(
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 })
  ),
  limit: fc.integer({ min: 1, max: 4 })
})
type Case = typeof caseOf extends fc.Arbitrary<infer A> ? A : never

const reference = (item: Case): ReadonlyArray<string> =>
  item.events
    .filter(
      ({ event, x, isBot, at, person }) =>
        (item.event === undefined ? event !== "$identify" : event === item.event) &&
        (item.x === undefined || x === item.x) &&
        (item.includeBots || !isBot) &&
        (item.from === undefined || at >= item.from) &&
        (item.to === undefined || at < item.to) &&
        (item.person === undefined ||
          (item.linkedTo?.[person - 1] ?? person) === item.person)
    )
    .sort(
      (one, other) =>
        other.at - one.at ||
        Buffer.compare(Buffer.from(other.messageId), Buffer.from(one.messageId))
    )
    .map(({ messageId }) => messageId)

describe("events", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "pages through exactly what is asked for, newest first",
    () =>
      Effect.gen(function* () {
        const items = fc.sample(caseOf, Number(process.env["RUNS"] ?? 25))
        const projects = yield* storedAll(
          items.map(({ events, linkedTo }) => ({
            linkedTo,
            events: events.map(({ at, x, ...event }) => ({
              ...event,
              at: START + at * HOUR,
              props: { x }
            }))
          }))
        )
        for (const [index, item] of items.entries()) {
          const query = {
            limit: item.limit,
            includeBots: item.includeBots,
            ...(item.event === undefined ? {} : { event: item.event }),
            ...(item.person === undefined ? {} : { person: String(item.person) }),
            ...(item.from === undefined ? {} : { from: iso(START + item.from * HOUR) }),
            ...(item.to === undefined ? {} : { to: iso(START + item.to * HOUR) }),
            ...(item.x === undefined
              ? {}
              : { filters: [{ property: "x", op: "is", value: item.x }] })
          }
          const pages = yield* askAll(query, projects[index] ?? 0, {
            hasLinks: item.linkedTo !== null
          })
          expect({ item, found: pages.flat() }).toEqual({
            item,
            found: [...reference(item)]
          })
          expect(pages.slice(0, -1).every((page) => page.length === item.limit)).toBe(
            true
          )
        }
      }),
    300_000
  )

  effect("gives an event as it was sent", () =>
    Effect.gen(function* () {
      const [project = 0] = yield* storedAll([
        {
          linkedTo: [2],
          events: [
            {
              person: 1,
              event: "v",
              at: START + 7,
              messageId: "m",
              props: {
                "cart.items": 2,
                "a\\.b": 'x\n"ü😀',
                tags: ["p", 1, { z: null }],
                "nothing.inside": {},
                "back\\\\slash": true,
                __proto__x: 1,
                "": "empty name",
                list: []
              },
              context: { "page.path": "/", locale: "de" }
            }
          ]
        }
      ])
      const { events, nextCursor } = yield* ask({}, project, { hasLinks: true })
      expect(nextCursor).toBeNull()
      expect(events).toEqual([
        {
          messageId: "m",
          event: "v",
          type: "track",
          timestamp: "2025-03-01T00:00:00.007Z",
          receivedAt: "2025-03-01T00:00:00.007Z",
          userId: null,
          anonymousId: null,
          personId: "2",
          properties: {
            cart: { items: 2 },
            "a.b": 'x\n"ü😀',
            tags: ["p", 1, { z: null }],
            nothing: { inside: {} },
            "back\\slash": true,
            __proto__x: 1,
            "": "empty name",
            list: []
          },
          context: { page: { path: "/" }, locale: "de" }
        }
      ])
    })
  )

  effect("shows what was known at the watermark, page after page", () =>
    Effect.gen(function* () {
      const events = [0, 1, 2, 3].map((hour) => ({
        person: 1,
        event: "v",
        at: START + hour * HOUR,
        knownAt: START + (hour === 2 ? 100 : 10) * HOUR
      }))
      const [project = 0] = yield* storedAll([{ events }])
      const then = { watermark: START + 50 * HOUR }
      expect(yield* askAll({ limit: 2 }, project, then)).toEqual([["m3", "m1"], ["m0"]])
      expect(yield* askAll({ limit: 2 }, project, {})).toEqual([
        ["m3", "m2"],
        ["m1", "m0"]
      ])
    })
  )

  effect("finds the few that match behind thousands that do not", () =>
    Effect.gen(function* () {
      const events = Array.from({ length: 3000 }, (_, index) => ({
        person: 1 + (index % 50),
        event: "v",
        at: START + index * 60_000,
        messageId: `m${String(index).padStart(4, "0")}`,
        props: { rare: index % 1000 === 0 }
      }))
      const [project = 0] = yield* storedAll([{ events }])
      const rare = { filters: [{ property: "rare", op: "is", value: true }], limit: 2 }
      expect(yield* askAll(rare, project, {})).toEqual([["m2000", "m1000"], ["m0000"]])
      const { events: newest } = yield* ask({ limit: 3 }, project)
      expect(newest.map(({ messageId }) => messageId)).toEqual([
        "m2999",
        "m2998",
        "m2997"
      ])
    })
  )

  effect("finds a person's few that match behind many of theirs that do not", () =>
    Effect.gen(function* () {
      const events = Array.from({ length: 200 }, (_, index) => ({
        person: 1 + (index % 2),
        event: index % 3 === 0 ? "v" : "w",
        // Most at the same time, which the order of messages must tell apart.
        at: START + Math.floor(index / 150) * 24 * HOUR,
        messageId: `m${String(index).padStart(3, "0")}`,
        isBot: index > 180,
        props: { rare: index % 30 === 0 }
      }))
      const [project = 0] = yield* storedAll([{ events, linkedTo: [1, 1] }])
      const linked = { hasLinks: true }
      const rare = { filters: [{ property: "rare", op: "is", value: true }] }
      const ids = ["m180", "m150", "m120", "m090", "m060", "m030", "m000"]
      const theirs = { ...rare, person: "1" }
      expect(yield* askAll({ ...theirs, limit: 1 }, project, linked)).toEqual(
        ids.map((id) => [id])
      )
      expect(yield* askAll({ ...theirs, limit: 100 }, project, linked)).toEqual([ids])
      const { events: newest } = yield* ask({ person: "1", limit: 2 }, project, linked)
      expect(newest.map(({ messageId, personId }) => [messageId, personId])).toEqual([
        ["m180", "1"],
        ["m179", "1"]
      ])
    })
  )

  effect("answers the example, and points at what cannot be asked", () =>
    Effect.gen(function* () {
      expect(yield* ask(eventsExample, 0)).toEqual({ events: [], nextCursor: null })
      const cases: ReadonlyArray<[object, string]> = [
        [{ person: "u1" }, "/person"],
        [{ person: "18446744073709551616" }, "/person"],
        [{ person: "-1" }, "/person"],
        [{ limit: 1001 }, "/limit"],
        [{ limit: 0 }, "/limit"],
        [{ cursor: "x" }, "/cursor"],
        [{ to: "1969-01-01T00:00:00Z" }, "/to"],
        [{ range: "today", from: "2025-03-01T00:00:00Z" }, "/range"],
        [{ interval: "day" }, "/interval"]
      ]
      for (const [fault, pointer] of cases) {
        const error = yield* Effect.flip(ask(fault, 1))
        expect(
          error._tag === "QueryInvalid" && error.errors.map((one) => one.pointer)
        ).toEqual([pointer])
      }
    })
  )
})
