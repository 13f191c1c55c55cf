import { afterAll, beforeAll, expect, it } from "bun:test"
import fc from "fast-check"
import type { Project } from "../e2e/Client.ts"
import type { StickinessResult } from "./activity.ts"
import { mergeParts } from "./clickHouseParts.ts"
import { comparable, rounded } from "./comparable.ts"
import type { FunnelResult } from "./funnel.ts"
import { type DataSet, dataSet } from "./generateData.ts"
import { anyFilter, pairOfDays, requestsAbout } from "./generateRequests.ts"
import type { SentEvent } from "./Model.ts"
import { type OracleStack, startOracleStack } from "./OracleStack.ts"
import type { FunnelRequest, Request, Series, TrendsRequest } from "./requests.ts"
import type { RetentionResult } from "./retention.ts"
import type { TrendsResult } from "./trends.ts"

const long = process.env["TEST_LONG"] === "1"
const numRuns = Number(process.env["ORACLE_RUNS"] ?? (long ? 60 : 3))

let stack: OracleStack

beforeAll(async () => {
  stack = await startOracleStack()
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const trendsOf = async (project: Project, request: TrendsRequest) =>
  (await stack.ask(project, request)).result as TrendsResult

const dataOf = async (project: Project, request: TrendsRequest) =>
  (await trendsOf(project, request)).series.map((one) => one.data.map(Number))

const added = (rows: ReadonlyArray<ReadonlyArray<number>>) =>
  (rows[0] ?? []).map((_, index) =>
    rows.reduce((sum, row) => sum + (row[index] ?? 0), 0)
  )

const close = (got: ReadonlyArray<number>, wanted: ReadonlyArray<number>) =>
  expect(rounded(got)).toEqual(rounded(wanted))

/** Runs a law on generated data, each set in a project of its own. */
const law = <A>(
  title: string,
  about: (data: DataSet) => fc.Arbitrary<A>,
  holds: (project: Project, asked: A, data: DataSet) => Promise<void>,
  runs = numRuns
) =>
  it(title, async () => {
    const question = dataSet.chain((data) => fc.tuple(fc.constant(data), about(data)))
    await fc.assert(
      fc.asyncProperty(question, async ([data, asked]) => {
        await holds(await stack.projectWith(data.events), asked, data)
      }),
      { numRuns: runs, endOnFailure: true }
    )
  }, 1_200_000)

const ranged = (data: DataSet) =>
  fc.record({
    range: pairOfDays(data),
    interval: fc.constantFrom("hour", "day", "none" as const),
    filter: anyFilter,
    series: fc.constantFrom<Series>(
      { measure: "total" },
      { measure: "total", event: "A" },
      { measure: "sum", property: "v" }
    )
  })

law(
  "the parts of a range add up to the whole",
  (data) => fc.tuple(ranged(data), fc.double({ min: 0, max: 1, noNaN: true })),
  async (project, [{ range, filter, series }, share]) => {
    const from = Date.parse(range.from)
    const cut = Math.round(from + share * (Date.parse(range.to) - from))
    const ask = (part: Partial<TrendsRequest>) =>
      dataOf(project, {
        kind: "trends",
        ...range,
        ...part,
        interval: "none",
        series: [series],
        filters: [filter]
      })
    const middle = new Date(cut).toISOString()
    const parts = await Promise.all([
      ...(cut > from ? [ask({ to: middle })] : []),
      ...(cut < Date.parse(range.to) ? [ask({ from: middle })] : [])
    ])
    close(added(parts.flat()), added(await ask({})))
  }
)

law("uniques never exceed totals", ranged, async (project, asked) => {
  const ask = (interval: TrendsRequest["interval"]) =>
    dataOf(project, {
      kind: "trends",
      ...asked.range,
      interval,
      series: [{ measure: "total" }, { measure: "unique_users" }],
      filters: [asked.filter]
    })
  const [totals = [], uniques = []] = await ask(asked.interval)
  const [[whole = 0] = [], [people = 0] = []] = await ask("none")
  uniques.forEach((unique, index) => {
    expect(unique).toBeLessThanOrEqual(totals[index] ?? 0)
    expect(unique).toBeLessThanOrEqual(people)
    expect(unique > 0).toBe((totals[index] ?? 0) > 0)
  })
  expect(people).toBeLessThanOrEqual(uniques.reduce((sum, unique) => sum + unique, 0))
  expect(totals.reduce((sum, total) => sum + total, 0)).toBe(whole)
})

law(
  "a filter and its negation part the events",
  ranged,
  async (project, { range, interval, filter, series }) => {
    const ask = (filters: TrendsRequest["filters"] & object) =>
      dataOf(project, { kind: "trends", ...range, interval, series: [series], filters })
    const [held, not, all] = await Promise.all([
      ask([filter]),
      ask([{ not: filter }]),
      ask([])
    ])
    close(added([...held, ...not]), all[0] ?? [])
  }
)

law(
  "the groups of a breakdown add up, with other",
  (data) => fc.tuple(ranged(data), fc.integer({ min: 1, max: 4 })),
  async (project, [{ range, interval, filter, series }, breakdownLimit]) => {
    const request = { kind: "trends", ...range, interval, series: [series] } as const
    const all = await dataOf(project, { ...request, filters: [filter] })
    for (const breakdown of [["plan"], ["v", "$event"]]) {
      const groups = await trendsOf(project, {
        ...request,
        filters: [filter],
        breakdown,
        breakdownLimit
      })
      expect(groups.series.filter((one) => one.other).length).toBeLessThanOrEqual(1)
      expect(groups.series.filter((one) => !one.other).length).toBeLessThanOrEqual(
        breakdownLimit
      )
      const sums = added(groups.series.map((one) => one.data.map(Number)))
      close(sums.length > 0 ? sums : (all[0] ?? []).map(() => 0), all[0] ?? [])
    }
  }
)

law(
  "counts of a funnel never rise over required steps",
  (data) => fc.tuple(requestsAbout.funnel(data), requestsAbout.richFunnel(data)),
  async (project, requests) => {
    for (const request of requests) {
      const result = (await stack.ask(project, request)).result as FunnelResult
      const { steps } = request as FunnelRequest
      for (const group of result.groups) {
        const counts = group.steps
          .filter((_, index) => !steps[index]?.optional)
          .map((step) => step.count)
        expect(counts).toEqual(counts.toSorted((a, b) => b - a))
      }
    }
  }
)

const kinds = [
  ...(["trends", "looking", "funnel", "retention", "stickiness"] as const),
  ...(["lifecycle", "sessions", "paths", "people", "events"] as const)
]

law(
  "behind a number are as many people as it says",
  (data) =>
    fc.tuple(
      requestsAbout.funnel(data),
      requestsAbout.retention(data),
      requestsAbout.stickiness(data),
      ranged(data),
      fc.nat(50)
    ),
  async (project, [funnel, retention, stickiness, { range, filter }, place]) => {
    const behind = async (query: object, selection: object) => {
      const { result } = await stack.ask(project, {
        kind: "people",
        of: { query, ...selection },
        limit: 1000
      })
      const { people } = result as { people: ReadonlyArray<{ personId: string }> }
      return new Set(people.map((person) => person.personId)).size
    }
    const steps =
      ((await stack.ask(project, funnel)).result as FunnelResult).groups[0]?.steps ?? []
    for (const [index, { count }] of steps.entries()) {
      expect(await behind(funnel, { step: index + 1 })).toBe(count)
      const next = steps[index + 1]
      if (next !== undefined)
        expect(await behind(funnel, { droppedAfterStep: index + 1 })).toBe(
          count - next.count
        )
    }
    const { cohorts } = (await stack.ask(project, retention)).result as RetentionResult
    const cohort = place % cohorts.length
    const counts = cohorts[cohort]?.counts ?? []
    const period = place % Math.max(1, counts.length)
    expect(await behind(retention, { cohort, period })).toBe(counts[period] ?? 0)
    const sticky = (await stack.ask(project, stickiness)).result as StickinessResult
    const bucket = place % Math.min(3, sticky.counts.length)
    expect(await behind(stickiness, { bucket })).toBe(
      sticky.counts[bucket]?.people ?? 0
    )
    const trends: TrendsRequest = {
      kind: "trends",
      ...range,
      interval: "day",
      series: [{ measure: "unique_users" }],
      filters: [filter]
    }
    const [daily = []] = await dataOf(project, trends)
    const day = place % daily.length
    expect(await behind(trends, { bucket: day })).toBe(daily[day] ?? 0)
    const [[all] = []] = await dataOf(project, { ...trends, interval: "none" })
    expect(await behind(trends, {})).toBe(all ?? 0)
  },
  Math.ceil(numRuns / 2)
)

/** One request of each of some kinds; of all of them in the long test. */
const someKinds = (data: DataSet): fc.Arbitrary<ReadonlyArray<Request>> =>
  fc
    .shuffledSubarray(kinds, { minLength: long ? 10 : 4, maxLength: long ? 10 : 4 })
    .chain((drawn) => fc.tuple(...drawn.map((about) => requestsAbout[about](data))))

const answers = (project: Project, requests: ReadonlyArray<Request>, asOf?: string) =>
  Promise.all(
    requests.map(async (request) => {
      const asked = asOf === undefined ? request : { ...request, asOf }
      return rounded(comparable(request, (await stack.ask(project, asked)).result))
    })
  )

const firstOfEach = (events: ReadonlyArray<SentEvent>) => [
  ...new Map(events.toReversed().map((event) => [event.messageId, event])).values()
]

law(
  "answers do not depend on arrival order, batches or merges",
  (data) => {
    const events = firstOfEach(data.events)
    return fc.tuple(
      someKinds(data),
      fc.shuffledSubarray(events, { minLength: events.length }),
      fc.integer({ min: 1, max: 8 })
    )
  },
  async (project, [requests, shuffled, parts]) => {
    const before = await answers(project, requests)
    const size = Math.ceil(shuffled.length / parts)
    const batches = Array.from(
      { length: Math.ceil(shuffled.length / size) },
      (_, index) => shuffled.slice(index * size, (index + 1) * size)
    )
    const other = await stack.projectWith(...batches)
    expect(await answers(other, requests)).toEqual(before)
    await mergeParts((await stack.file()).clickhouse)
    expect(await answers(other, requests)).toEqual(before)
    expect(await answers(project, requests)).toEqual(before)
  },
  Math.ceil(numRuns / 2)
)

law(
  "asOf repeats its answers while later events and links arrive",
  (data) => fc.tuple(someKinds(data), dataSet),
  async (project, [requests, later], data) => {
    const counted = {
      kind: "events",
      from: "2023-01-01T00:00:00Z",
      to: "2026-01-01T00:00:00Z",
      timezone: "UTC",
      limit: 1000
    } as const
    const asked = [...requests, counted]
    const { meta } = await stack.ask(project, counted)
    const before = await answers(project, asked, meta.asOf)
    expect(await answers(project, asked)).toEqual(before)
    const events = later.events.map((event, index) => ({
      ...event,
      messageId: `later${index}`,
      timestamp: new Date(
        Date.parse(event.timestamp) - later.middle + data.middle
      ).toISOString()
    }))
    await stack.send(project, events)
    expect(await answers(project, asked, meta.asOf)).toEqual(before)
    const total = (list: ReadonlyArray<unknown>) =>
      (list.at(-1) as Array<unknown>).length
    const more = events.filter((event) =>
      ["track", "page", "screen"].includes(event.type)
    ).length
    expect(total(await answers(project, asked))).toBe(total(before) + more)
  },
  Math.ceil(numRuns / 2)
)
