import { describe, expect, it } from "bun:test"
import { documentedKinds, parseQuery } from "@analytics/analytics-core/query/Query"
import { Effect, Predicate, Struct } from "effect"
import {
  notTaken,
  overridden,
  type QueryOverrides
} from "../../src/insights/overridden.ts"

const filters = [{ property: "country", op: "is" as const, value: "DE" }]
const ranged = { range: "last_7d", timezone: "Asia/Tokyo", filters }
const dated = {
  from: "2025-03-01T00:00:00Z",
  to: "2025-03-08T00:00:00Z",
  timezone: "Asia/Tokyo",
  filters
}

/** Saved queries have neither. */
const savedOf = (example: unknown) =>
  Struct.omit(example as Record<string, unknown>, ["cursor", "asOf"])

type Case = readonly [string, Record<string, unknown>, QueryOverrides]

const cases: ReadonlyArray<Case> = documentedKinds.flatMap(({ example, kind }) => [
  [kind, savedOf(example), ranged] satisfies Case,
  [kind, savedOf(example), dated] satisfies Case
])

/** Behind a number it is its own query that is narrowed. */
const innerOf = (query: Record<string, unknown>): Record<string, unknown> =>
  Predicate.hasProperty(query["of"], "query") ? Object(query["of"].query) : query

describe("what a dashboard says for all tiles", () => {
  it.each(cases)("is a question of the kind %s", async (_, query, overrides) => {
    const said: QueryOverrides = { ...overrides, asOf: "2025-03-09T00:00:00Z" }
    const taken: QueryOverrides = Struct.omit(said, [...notTaken(query, said)])
    const made = overridden(query, taken)
    const { asOf } = await Effect.runPromise(parseQuery(made))
    expect(asOf).toBe(Date.UTC(2025, 2, 9))
    const inner = innerOf(made)
    for (const [name, value] of Object.entries(taken))
      if (name !== "asOf" && name !== "filters") expect(inner[name]).toEqual(value)
    if (taken.range !== undefined) expect(inner).not.toHaveProperty("from")
    if (taken.from !== undefined) expect(inner).not.toHaveProperty("range")
    if (taken.filters) {
      const own = innerOf(query)["filters"] ?? []
      expect(inner["filters"]).toEqual([...filters, ...(own as Array<unknown>)])
    }
  })

  it("is taken by all kinds but SQL", () => {
    const ignored = documentedKinds.map(({ example, kind }) => [
      kind,
      notTaken(savedOf(example), { ...ranged, compare: "previous_period" })
    ])
    expect(Object.fromEntries(ignored)).toEqual({
      trends: [],
      funnel: ["compare"],
      retention: ["compare"],
      sessions: ["compare"],
      paths: ["compare"],
      stickiness: ["compare"],
      lifecycle: ["compare"],
      events: ["compare"],
      people: ["compare"],
      sql: ["range", "timezone", "filters", "compare"]
    })
  })

  it("is not taken by who is named already", () => {
    const one = { kind: "people", id: "ann" }
    expect(notTaken(one, ranged)).toEqual(["range", "timezone", "filters"])
    expect(notTaken({ kind: "people" }, ranged)).toEqual([])
  })

  it("narrows the question behind a number, not the list of people", async () => {
    const query = {
      kind: "people",
      limit: 10,
      of: { query: savedOf(documentedKinds[0]?.example), series: "A" }
    }
    const said = { ...ranged, asOf: "2025-03-09T00:00:00Z" }
    expect(notTaken(query, { ...said, compare: "previous_period" })).toEqual([])
    const made = overridden(query, said)
    expect(made).toMatchObject({
      limit: 10,
      asOf: said.asOf,
      of: { series: "A", query: { range: "last_7d", timezone: "Asia/Tokyo" } }
    })
    expect(made).not.toHaveProperty("range")
    expect(innerOf(made)).not.toHaveProperty("asOf")
    await Effect.runPromise(parseQuery(made))
  })
})
