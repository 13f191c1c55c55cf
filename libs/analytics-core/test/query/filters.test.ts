import { describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../src/query/decodeStrictly.ts"
import { type Filter, Filters } from "../../src/query/Filter.ts"
import { filtersSql } from "../../src/query/filterSql.ts"
import { source } from "../../src/query/Source.ts"
import { render } from "../../src/query/Sql.ts"
import { Values } from "../../src/query/Values.ts"
import { contextOf, insertEvents, type TestEvent } from "./eventStore.ts"
import { holds } from "./referenceFilter.ts"

const at = Date.UTC(2025, 2, 1)

const hostile = [
  "'; DROP TABLE events; --",
  "\n\nDROP TABLE events",
  "{p0:String}",
  "\\",
  "\\'",
  "\u0000",
  "%_",
  '"',
  "/*",
  "é😀\u2028",
  "\t\r\n"
]
const texts = ["", "a", "b", "ab", "A", "1", "null", "true", "[1]", ...hostile]
const numbers = [0, 1, -1, 1.5, 2, 1e21, 1e-7, 123456789.25]
const scalar = fc.constantFrom(...texts, ...numbers, true, false, null)
const leaf: fc.Arbitrary<Schema.Json> = fc.oneof(
  scalar,
  fc.array(fc.oneof(scalar, fc.constant([1]), fc.constant({ a: 1 })), { maxLength: 3 })
)
const properties = ["p", "q", "a\\.b", "it's", "'; DROP TABLE events"]

const condition: fc.Arbitrary<Filter> = fc
  .constantFrom(...properties, "context.page.path", "$browser")
  .chain((property) =>
    fc.oneof(
      fc.record({
        property: fc.constant(property),
        op: fc.constantFrom("is" as const, "is_not" as const),
        value: scalar
      }),
      fc.record({
        property: fc.constant(property),
        op: fc.constantFrom("in" as const, "not_in" as const),
        value: fc.array(scalar, { maxLength: 3 })
      }),
      fc.record({
        property: fc.constant(property),
        op: fc.constantFrom(
          "contains" as const,
          "not_contains" as const,
          "starts_with" as const,
          "ends_with" as const
        ),
        value: fc.constantFrom(...texts)
      }),
      fc.record({
        property: fc.constant(property),
        op: fc.constant("matches" as const),
        value: fc.constantFrom("a", "^a", "b$", "^a?b$", "[0-9]", "a.b", "^$")
      }),
      fc.record({
        property: fc.constant(property),
        op: fc.constantFrom(
          "gt" as const,
          "gte" as const,
          "lt" as const,
          "lte" as const
        ),
        value: fc.constantFrom(...numbers)
      }),
      fc.record({
        property: fc.constant(property),
        op: fc.constant("between" as const),
        value: fc.tuple(fc.constantFrom(...numbers), fc.constantFrom(...numbers))
      }),
      fc.record({
        property: fc.constant(property),
        op: fc.constantFrom("is_set" as const, "is_not_set" as const)
      })
    )
  )

const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    condition,
    fc.record({ and: fc.array(tie("filter"), { maxLength: 2 }) }),
    fc.record({ or: fc.array(tie("filter"), { maxLength: 2 }) }),
    fc.record({ not: tie("filter") })
  )
}))

const event = fc.record({
  props: fc.dictionary(fc.constantFrom(...properties), leaf, { maxKeys: 4 }),
  context: fc.dictionary(fc.constant("page.path"), scalar, { maxKeys: 1 }),
  browser: fc.constantFrom("", "a", "Chrome", "it's")
})

describe("filters on a real ClickHouse", () => {
  const { effect } = withLayer(TestClickHouse.client)

  const matching = Effect.fnUntraced(function* (
    project: number,
    filters: ReadonlyArray<Filter>
  ) {
    const clickhouse = yield* ClickHouse
    const values = new Values()
    const where = [filtersSql(filters, values)]
    const { sql, params } = render(
      source(contextOf(project), {
        events: ["a"],
        from: at,
        to: at + 1,
        includeBots: false,
        columns: ["message_id"],
        person: false,
        values,
        where
      })
    )
    const rows = yield* clickhouse.query<{ message_id: string }>(sql, { params })
    return rows.map((row) => row.message_id).sort()
  })

  effect("keep exactly the events that the definition keeps", () =>
    Effect.gen(function* () {
      const clickhouse = yield* Effect.context<ClickHouse>()
      const sample = fc.sample(event, { numRuns: 300, seed: 11 })
      const events = sample.map(
        (fields, index): TestEvent => ({
          project: 7,
          event: "a",
          at,
          person: 1,
          messageId: `m${index}`,
          ...fields
        })
      )
      yield* insertEvents(events)
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(filter, { maxLength: 2 }), async (filters) => {
            const expected = events
              .filter((candidate) =>
                filters.every((one) =>
                  holds(one, (path) =>
                    path === "$browser"
                      ? candidate.browser || null
                      : path.startsWith("context.")
                        ? (candidate.context?.["page.path"] ?? null)
                        : (candidate.props?.[path] ?? null)
                  )
                )
              )
              .map(({ messageId }) => messageId)
              .sort()
            const found = await Effect.runPromiseWith(clickhouse)(matching(7, filters))
            expect(found).toEqual(expected)
          }),
          { numRuns: 250 }
        )
      )
    })
  )

  effect("find integers beyond 2^53 by their digits, as number or string", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const row = (messageId: string, text: string) =>
        JSON.stringify({
          project_id: 8,
          event: "a",
          type: "track",
          timestamp: at,
          known_at: at,
          message_id: messageId,
          props: { n: text }
        })
      yield* clickhouse.insert({
        table: "events",
        format: "JSONEachRow",
        body: [
          row("number", "9007199254740993"),
          row("string", '"9007199254740993"'),
          row("element", "[1,9007199254740993]"),
          row("neighbour", "9007199254740992")
        ].join("\n")
      })
      expect(
        yield* matching(8, [{ property: "n", op: "is", value: "9007199254740993" }])
      ).toEqual(["element", "number", "string"])
    })
  )

  effect("read only the bucket of the key they ask for", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const props = Array.from(
        { length: 64 },
        (_, key) => `'k${key}', randomPrintableASCII(40)`
      )
      yield* clickhouse.command(
        `INSERT INTO events (project_id, event, type, timestamp, known_at, props)
         SELECT 9, 'a', 'track', {at:DateTime64(3, 'UTC')}, {at:DateTime64(3, 'UTC')}, map(${props.join(", ")})
           FROM numbers(20000)`,
        { params: { at: "2025-03-01 00:00:00.000" } }
      )
      const bytesOf = Effect.fnUntraced(function* (filters: ReadonlyArray<Filter>) {
        const values = new Values()
        const where = [filtersSql(filters, values)]
        const { sql, params } = render(
          source(contextOf(9), {
            events: ["a"],
            from: at,
            to: at + 1,
            includeBots: false,
            columns: [],
            person: false,
            values,
            where
          })
        )
        const answer = yield* clickhouse.bytes(`SELECT count() FROM (${sql})`, {
          params,
          format: "JSON"
        })
        const { statistics } = Schema.decodeUnknownSync(
          Schema.fromJsonString(
            Schema.Struct({ statistics: Schema.Struct({ bytes_read: Schema.Number }) })
          )
        )(new TextDecoder().decode(answer))
        return statistics.bytes_read
      })
      const one = yield* bytesOf([{ property: "k1", op: "is_set" }])
      const none = yield* bytesOf([])
      // The whole map holds more than 64 × 40 bytes a row.
      expect(one - none).toBeLessThan((20_000 * 64 * 40) / 4)
    })
  )
})

describe("filters that make no sense", () => {
  const faults = (filters: unknown) =>
    Effect.runSync(
      Effect.flip(decodeStrictly(Schema.Struct({ filters: Filters }))({ filters }))
    ).errors

  it.each([
    [[{ property: "p", op: "gt", value: "1" }], "/filters/0/value"],
    [[{ property: "p", op: "is_set", value: 1 }], "/filters/0/value"],
    [[{ property: "p", op: "between", value: [1] }], "/filters/0/value"],
    [[{ property: "p", op: "in", value: "a" }], "/filters/0/value"],
    [[{ property: "p", op: "contains", value: 1 }], "/filters/0/value"],
    [[{ property: "p", op: "is" }], "/filters/0/value"],
    [[{ property: "p", op: "is", value: 2 ** 60 }], "/filters/0/value"],
    [[{ property: "p", op: "like", value: "a" }], "/filters/0/op"],
    [[{ property: "", op: "is_set" }], "/filters/0/property"],
    [
      [{ not: { and: [{ property: "p", op: "lt", value: null }] } }],
      "/filters/0/not/and/0/value"
    ],
    [[{ property: "p", op: "is_set", more: 1 }], "/filters/0/more"]
  ])("%j is refused at %s", (filters, pointer) => {
    expect(faults(filters).map((fault) => fault.pointer)).toEqual([pointer])
  })
})
