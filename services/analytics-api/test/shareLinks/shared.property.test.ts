import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import {
  TrendsResult,
  type TrendsSeries
} from "@analytics/analytics-core/query/trends/TrendsResult"
import { Schema } from "effect"
import fc from "fast-check"
import { counting } from "../insights/insightsTest.ts"
import { type Did, insertEvents, startSharing } from "./sharing.ts"

const isLong = process.env["TEST_LONG"] === "1"
setDefaultTimeout(isLong ? 1_800_000 : 60_000)

const { api, arrange, linkTo, makeProject, open, runtime, save, stop } = startSharing()
beforeAll(() => runtime.context().then(() => {}))
afterAll(stop)

const DAYS = 2
const range = { to: "2025-03-03T00:00:00Z", interval: "day" }
const measured = {
  orders: { event: "a", measure: "total" },
  buyers: { event: "a", measure: "unique_users" },
  revenue: { event: "a", measure: "sum", property: "value" },
  lookers: { event: "b", measure: "unique_users" },
  looks: { event: "b", measure: "total_per_user" }
} as const
type Name = keyof typeof measured
const series = (...names: ReadonlyArray<Name>) =>
  names.map((name) => ({ name, ...measured[name] }))

const byPlan = { breakdown: ["plan"] }
const trends = {
  whole: counting({
    ...range,
    series: series("orders", "buyers", "revenue", "lookers")
  }),
  groups: counting({ ...range, ...byPlan, series: series("orders", "lookers") }),
  top: counting({ ...range, ...byPlan, breakdownLimit: 1, series: series("orders") }),
  each: counting({
    ...range,
    ...byPlan,
    series: series("buyers", "looks"),
    formula: "buyers / looks"
  }),
  before: counting({
    from: "2025-03-02T00:00:00Z",
    ...range,
    compare: "previous_period",
    series: series("buyers", "lookers")
  })
}

/** Many do the same, so that numbers lie close to each other. */
const happened = fc
  .array(
    fc.record({
      people: fc.integer({ min: 1, max: 6 }),
      did: fc.array(
        fc.record({
          event: fc.constantFrom("a", "b"),
          day: fc.nat(DAYS - 1),
          plan: fc.constantFrom("x", "y", "z"),
          value: fc.option(fc.integer({ min: -3, max: 9 }), { nil: undefined })
        }),
        { minLength: 1, maxLength: 4 }
      )
    }),
    { minLength: 2, maxLength: 6, size: "max" }
  )
  .map((kinds) =>
    kinds.flatMap(({ did, people }, kind) =>
      Array.from({ length: people }, (_, person) =>
        did.map(
          ({ day, event, plan, value }): Did => ({
            ...{ user: `${kind}-${person}`, event, day },
            properties: { plan, ...(value === undefined ? {} : { value }) }
          })
        )
      ).flat()
    )
  )

const decode = Schema.decodeUnknownSync(TrendsResult)

/** Who is behind a number of a line; `named` are the groups that are not of `other`. */
const behind = (
  events: ReadonlyArray<Did>,
  { breakdown, name, other }: TrendsSeries,
  day: number,
  named: ReadonlyArray<unknown>
) => {
  const of = measured[name as Name]
  return new Set(
    events
      .filter(({ properties }) =>
        other
          ? !named.includes(properties?.["plan"])
          : breakdown === null || breakdown[0] === properties?.["plan"]
      )
      .filter((did) => did.event === of.event && did.day === day)
      .filter(
        ({ properties }) => !("property" in of) || properties?.["value"] !== undefined
      )
      .map(({ user }) => user)
  )
}

const seen = { shown: 0, hidden: 0 }

/** Lines of one or more answers that are shown together. */
const check = (
  events: ReadonlyArray<Did>,
  lines: ReadonlyArray<{
    readonly line: TrendsSeries
    readonly raw: ReadonlyArray<TrendsSeries>
    readonly from: number
  }>,
  floor: number
) => {
  const counts = new Map<string, Array<{ event: string; count: number }>>()
  for (const { from, line, raw } of lines) {
    const same = raw.filter(({ name }) => name === line.name)
    const named = same.flatMap(({ breakdown }) => breakdown?.[0] ?? [])
    const own = same.find(
      ({ breakdown, other }) =>
        other === line.other &&
        JSON.stringify(breakdown) === JSON.stringify(line.breakdown)
    )
    for (const [bucket, value] of line.data.entries()) {
      seen[value === null ? "hidden" : "shown"]++
      if (value === null) continue
      expect(value).toBe(own?.data[bucket] ?? Number.NaN)
      if (!(line.name in measured)) continue
      const { size } = behind(events, line, from + bucket, named)
      expect(size).toBeGreaterThanOrEqual(floor)
      const place = JSON.stringify([line.breakdown, line.other, from + bucket])
      const { event } = measured[line.name as Name]
      counts.set(place, [...(counts.get(place) ?? []), { event, count: size }])
    }
  }
  // All of one event may be among those of the other.
  for (const together of counts.values())
    for (const one of together)
      for (const other of together)
        if (one.event !== other.event)
          expect(Math.abs(one.count - other.count)).toBeGreaterThanOrEqual(floor)
}

describe("whatever happened", () => {
  it("a link tells nothing of fewer people than its floor", async () => {
    await fc.assert(
      fc.asyncProperty(
        happened,
        fc.integer({ min: 3, max: 5 }),
        fc.constantFrom(...Object.keys(trends)),
        async (events, floor, name) => {
          const mine = await makeProject()
          await runtime.runPromise(insertEvents(mine.id, events))
          const insight = await save(mine, trends[name as keyof typeof trends])
          const at = api.v1.insights({ insightId: insight })
          const raw = decode((await at.result.post({}, mine.own)).data?.answer.result)
          const { token } = await linkTo(mine, { insight }, { floor })
          const [tile] = (await open(token)).data?.tiles ?? []
          if (tile?.type !== "answer") throw new Error("no answer")
          const shown = decode(tile.result)
          const begin = name === "before" ? 1 : 0
          const of = (from: number, lines: typeof shown.series, all: typeof lines) =>
            lines.map((line) => ({ line, raw: all, from }))
          check(events, of(begin, shown.series, raw.series), floor)
          check(
            events,
            of(0, shown.compare?.series ?? [], raw.compare?.series ?? []),
            floor
          )
        }
      ),
      { numRuns: isLong ? 80 : 8, endOnFailure: !isLong }
    )
    expect(seen.shown).toBeGreaterThan(0)
    expect(seen.hidden).toBeGreaterThan(0)
  })

  it("the tiles of a dashboard tell no more together", async () => {
    await fc.assert(
      fc.asyncProperty(happened, fc.boolean(), async (events, isBrokenDown) => {
        const mine = await makeProject()
        await runtime.runPromise(insertEvents(mine.id, events))
        const cut = { ...range, ...(isBrokenDown ? byPlan : {}) }
        const insights = [
          await save(mine, counting({ ...cut, series: series("buyers") })),
          await save(mine, counting({ ...cut, series: series("looks", "lookers") }))
        ]
        const { id } = await arrange(mine, insights)
        const raw = await Promise.all(
          insights.map(async (insightId) => {
            const { data } = await api.v1
              .insights({ insightId })
              .result.post({}, mine.own)
            return decode(data?.answer.result).series
          })
        )
        const { token } = await linkTo(mine, { dashboard: id }, { floor: 3 })
        const tiles = (await open(token)).data?.tiles ?? []
        expect(tiles).toHaveLength(2)
        const lines = tiles.flatMap((tile, index) =>
          tile.type === "answer"
            ? decode(tile.result).series.map((line) => ({
                line,
                raw: raw[index] ?? [],
                from: 0
              }))
            : []
        )
        check(events, lines, 3)
      }),
      { numRuns: isLong ? 50 : 4, endOnFailure: !isLong }
    )
  })
})
