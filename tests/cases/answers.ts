import { expect } from "bun:test"
import type { CaseQuery } from "./Case.ts"

interface TrendsResult {
  readonly buckets: ReadonlyArray<string>
  readonly labels: ReadonlyArray<string>
  readonly series: ReadonlyArray<{
    readonly breakdown: ReadonlyArray<unknown> | null
    readonly other: boolean
    readonly data: ReadonlyArray<number | null>
  }>
}

interface FunnelResult {
  readonly groups: ReadonlyArray<{
    readonly breakdown: ReadonlyArray<unknown> | null
    readonly steps: ReadonlyArray<{
      readonly count: number
      readonly rateFromFirst: number | null
      readonly meanSeconds: number | null
      readonly medianSeconds: number | null
    }>
  }>
}

interface SessionsResult {
  readonly count: number
  readonly bounceRate: number | null
  readonly entry: ReadonlyArray<{ readonly value: unknown; readonly count: number }>
  readonly exit: ReadonlyArray<{ readonly value: unknown; readonly count: number }>
  readonly sessions: ReadonlyArray<{
    readonly durationSeconds: number
    readonly events: number
  }>
}

interface PathsResult {
  readonly edges: ReadonlyArray<{
    readonly from: unknown
    readonly to: unknown
    readonly position?: number
    readonly count: number
  }>
}

interface RetentionResult {
  readonly cohorts: ReadonlyArray<{ readonly counts: ReadonlyArray<number> }>
}

const byText = (a: unknown, b: unknown) =>
  JSON.stringify(a) < JSON.stringify(b) ? -1 : 1

const close = (actual: number | null | undefined, wanted: unknown) =>
  typeof wanted === "number" && typeof actual === "number"
    ? expect(actual).toBeCloseTo(wanted, 9)
    : expect(actual as unknown).toEqual(wanted)

const closeAll = (
  actual: ReadonlyArray<number | null>,
  wanted: ReadonlyArray<unknown>
) => {
  expect(actual.length).toBe(wanted.length)
  wanted.forEach((value, index) => {
    close(actual[index], value)
  })
}

const checkTrends = (query: CaseQuery, result: TrendsResult) => {
  const wanted = query.expect
  if ("breakdown" in query) {
    const rows = result.series.map((one) => ({
      ...(one.other ? { other: true } : { value: one.breakdown?.[0] }),
      count: one.data[0]
    }))
    return expect(rows.sort(byText)).toEqual([...(wanted as Array<never>)].sort(byText))
  }
  const series = "formula" in query ? result.series.at(-1) : result.series[0]
  const data = series?.data ?? []
  if (Array.isArray(wanted)) return closeAll(data, wanted)
  if (wanted === null || typeof wanted !== "object") return close(data[0], wanted)
  const hourly = query["interval"] === "hour"
  const key = (text: string) =>
    hourly ? new Date(text).toISOString() : text.slice(0, 10)
  const keep = ([, value]: [string, unknown]) =>
    query["ignoreZeroBuckets"] !== true || value !== 0
  const got = (hourly ? result.buckets : result.labels).map(
    (start, index): [string, unknown] => [key(start), data[index]]
  )
  const want = Object.entries(wanted).map(([start, value]): [string, unknown] => [
    key(start),
    value
  ])
  return expect(got.filter(keep)).toEqual(want.filter(keep))
}

const checkFunnel = (query: CaseQuery, result: FunnelResult) => {
  const wanted = query.expect as
    | ReadonlyArray<number | { readonly value: unknown }>
    | {
        readonly lastStep?: number
        readonly acceptedFirstStep?: ReadonlyArray<number>
        readonly counts?: ReadonlyArray<number>
        readonly avgSeconds?: ReadonlyArray<number>
        readonly medianSeconds?: ReadonlyArray<number>
      }
  if ("breakdown" in query) {
    const rows = result.groups.map((group) => ({
      value: group.breakdown?.[0],
      counts: group.steps.map((step) => step.count)
    }))
    return expect(rows.sort(byText)).toEqual([...(wanted as Array<never>)].sort(byText))
  }
  const steps = result.groups[0]?.steps ?? []
  const counts = steps.map((step) => step.count)
  if (Array.isArray(wanted)) return expect(counts).toEqual(wanted)
  if (!("lastStep" in wanted) && !("counts" in wanted))
    throw new Error("the example's expectation has a form this check does not know")
  if (wanted.lastStep !== undefined) {
    expect(counts.at(-1)).toBe(wanted.lastStep)
    return expect(wanted.acceptedFirstStep).toContain(counts[0] as number)
  }
  expect(counts).toEqual([...(wanted.counts ?? [])])
  if (wanted.avgSeconds)
    closeAll(
      steps.slice(1).map((step) => step.meanSeconds),
      wanted.avgSeconds.slice(1)
    )
  if (wanted.medianSeconds)
    closeAll(
      steps.slice(1).map((step) => step.medianSeconds),
      wanted.medianSeconds.slice(1)
    )
}

const checkRetention = (query: CaseQuery, result: RetentionResult) => {
  const wanted = query.expect as ReadonlyArray<ReadonlyArray<number>>
  const rows = (query["rows"] as number | undefined) ?? wanted.length
  const got = result.cohorts
    .slice(0, rows)
    .map((cohort, index) => cohort.counts.slice(0, wanted[index]?.length))
  expect(got).toEqual(wanted.map((row) => [...row]))
}

interface StickinessResult {
  readonly counts: ReadonlyArray<{ readonly buckets: number; readonly people: number }>
}

const checkStickiness = (query: CaseQuery, result: StickinessResult) =>
  expect(
    Object.fromEntries(result.counts.map(({ buckets, people }) => [buckets, people]))
  ).toEqual(query.expect as Record<string, number>)

const checkSessions = (query: CaseQuery, result: SessionsResult) => {
  const ends = (values: SessionsResult["entry"]) =>
    Object.fromEntries(values.map(({ value, count }) => [String(value), count]))
  const ascending = (numbers: ReadonlyArray<number>) =>
    numbers.toSorted((a, b) => a - b)
  const got: Readonly<Record<string, unknown>> = {
    count: result.count,
    bounceRate: result.bounceRate,
    durationsSeconds: ascending(
      result.sessions.map(({ durationSeconds }) => durationSeconds)
    ),
    eventsPerSession: ascending(result.sessions.map(({ events }) => events)),
    entry: ends(result.entry),
    exit: ends(result.exit)
  }
  for (const [field, wanted] of Object.entries(query.expect as object)) {
    if (field === "bounceRate") close(result.bounceRate, wanted)
    else expect(got[field]).toEqual(wanted)
  }
}

const checkPaths = (query: CaseQuery, { edges }: PathsResult) => {
  const rows = edges.map(({ count, from, position, to }) =>
    query.kind === "paths"
      ? [`${position}:${from}`, `${Number(position) + 1}:${to}`, count]
      : [from, to, count]
  )
  const wanted = query.expect as ReadonlyArray<ReadonlyArray<unknown>>
  expect(rows.sort(byText)).toEqual([...wanted].map((row) => [...row]).sort(byText))
}

/** Holds an answer's `result` against what the example expects. */
export const checkAnswer = (query: CaseQuery, result: unknown) => {
  switch (query.kind) {
    case "trends":
      return checkTrends(query, result as TrendsResult)
    case "funnel":
      return checkFunnel(query, result as FunnelResult)
    case "retention":
      return checkRetention(query, result as RetentionResult)
    case "sessions":
      return checkSessions(query, result as SessionsResult)
    case "sessions_per_day":
      return closeAll((result as TrendsResult).series[0]?.data ?? [], [
        ...(query.expect as ReadonlyArray<number>)
      ])
    case "paths":
    case "path_edges":
      return checkPaths(query, result as PathsResult)
    case "stickiness":
      return checkStickiness(query, result as StickinessResult)
    case "lifecycle":
      return expect(result).toMatchObject(query.expect as object)
    default:
      throw new Error(`no check for kind ${query.kind}`)
  }
}
