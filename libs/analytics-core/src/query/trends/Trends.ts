import { Effect } from "effect"
import {
  type Compiled,
  type QueryContext,
  type QueryKind,
  type Statement,
  statement
} from "../Compiled.ts"
import type { QueryInvalid } from "../QueryInvalid.ts"
import { integer, sql } from "../Sql.ts"
import { countsSql } from "./countsSql.ts"
import { type Cells, decodeTrends } from "./decodeTrends.ts"
import { emptyValue } from "./measures.ts"
import { planOutlook } from "./Outlook.ts"
import { rowsOf } from "./rows.ts"
import {
  MAX_CELLS,
  type Period,
  type PlannedSeries,
  planTrends,
  type TrendsPlan
} from "./TrendsPlan.ts"
import { TrendsRequest } from "./TrendsRequest.ts"
import { TrendsResult } from "./TrendsResult.ts"
import { trailingWindows } from "./trailing.ts"
import { trailingChanges, trailingChangesPerGroup } from "./trailingSql.ts"
import {
  countsPerGroup,
  perBucket,
  perGroup,
  perGroupOnce,
  type Ranking
} from "./trendSql.ts"
import { trendsPeople } from "./trendsPeople.ts"

/** Measures of events over time: parse (`TrendsRequest`) → plan → SQL → decode. */
export const Trends: QueryKind<TrendsRequest, TrendsResult, QueryInvalid> = {
  kind: "trends",
  request: TrendsRequest,
  result: TrendsResult,
  example: {
    kind: "trends",
    series: [
      { event: "order_completed", measure: "total" },
      { event: "order_completed", measure: "unique_users" }
    ],
    interval: "day",
    range: "last_7d",
    timezone: "Europe/Berlin",
    filters: [{ property: "user.plan", op: "is", value: "pro" }],
    breakdown: ["$browser"],
    formula: "A / B"
  },
  compile: Effect.fnUntraced(function* (request, context) {
    const plan = yield* planTrends(request, context)
    const outlook = yield* planOutlook(request, plan, context.watermark)
    const compiled = compileTrends(plan, context)
    return outlook ? { ...compiled, outlook } : compiled
  }),
  people: trendsPeople
}

/** Plan → SQL and the way back. */
export const compileTrends = (
  plan: TrendsPlan,
  context: QueryContext
): Compiled<TrendsResult, QueryInvalid> => {
  const main = scansOf(plan).map((scan) => compileScan(context, plan, plan.main, scan))
  const { compare } = plan
  const earlier = compare
    ? scansOf(plan).map((scan) => compileScan(context, plan, compare, scan))
    : []
  const cells = {
    main: cellsOf(plan, main, 0),
    compare: cellsOf(plan, earlier, main.length)
  }
  return {
    statements: [...main, ...earlier].map((scan) => scan.statement),
    decode: (rows) => decodeTrends(plan, cells, rows)
  }
}

type Scan = readonly [PlannedSeries, ...ReadonlyArray<PlannedSeries>]

/** Series over the same rows are read together; a breakdown ranks each by itself. */
const scansOf = (plan: TrendsPlan): ReadonlyArray<Scan> => {
  if (plan.breakdown.length > 0) return plan.series.map((series) => [series])
  const scans = new Map<string, Scan>()
  for (const series of plan.series) {
    const key = rowsKey(series)
    const scan = scans.get(key)
    scans.set(key, scan ? [...scan, series] : [series])
  }
  return [...scans.values()]
}

/** Equal for series that count the same rows. */
const rowsKey = (series: PlannedSeries): string =>
  JSON.stringify([series.event, series.filters, ownRows(series)])

/** Measures that count something else than events need rows of their own. */
const ownRows = ({ measure }: PlannedSeries): string =>
  measure === "sessions" || measure.startsWith("active_users_") ? measure : ""

interface CompiledScan {
  readonly scan: Scan
  readonly statement: Statement
  readonly isRunning: boolean
  readonly breakdown: Cells["breakdown"]
}

const compileScan = (
  context: QueryContext,
  plan: TrendsPlan,
  period: Period,
  scan: Scan
): CompiledScan => {
  const [series] = scan
  const name = scan.map((member) => member.measure).join("+")
  const windows = trailingWindows(plan, period, series.measure)
  const compiled = { scan, isRunning: windows !== undefined, breakdown: [] }
  if (plan.breakdown.length === 0) {
    const counts =
      series.event !== undefined &&
      series.filters.length === 0 &&
      scan.every(({ measure }) => measure === "total")
        ? countsSql(context, period, series.event, plan.includeBots)
        : undefined
    if (counts) return { ...compiled, statement: statement(name, counts) }
    const rows = rowsOf(context, plan, period, scan)
    const fragment = windows ? trailingChanges(rows, windows) : perBucket(rows)
    return { ...compiled, statement: statement(name, fragment) }
  }
  const rows = rowsOf(context, plan, period, scan)
  const limit = plan.breakdownLimit
  const isAlone = !plan.compare && !plan.formula
  const fragment = () => {
    if (isAlone && (series.measure === "total" || series.measure === "sessions"))
      return countsPerGroup(rows, limit)
    if (isAlone && !windows && period.buckets.starts.length === 1)
      return perGroupOnce(rows, limit)
    const ranking = rankingOf(context, plan, series)
    return windows
      ? trailingChangesPerGroup(rows, ranking, limit, windows)
      : perGroup(rows, ranking, limit)
  }
  return {
    ...compiled,
    breakdown: rows.breakdown,
    // One row more than an answer may have numbers says that it has too many.
    statement: statement(name, sql`${fragment()} LIMIT ${integer(MAX_CELLS + 1)}`)
  }
}

/**
 * Groups are ranked over the asked range, and for a formula by the first series; those
 * that only other series have come after the ones it has.
 */
const rankingOf = (
  context: QueryContext,
  plan: TrendsPlan,
  series: PlannedSeries
): Ranking => {
  const rows = (of: PlannedSeries) => rowsOf(context, plan, plan.main, [of])
  const [first = series] = plan.formula ? plan.series : [series]
  const others = new Map(
    (plan.formula ? plan.series : []).map((other) => [rowsKey(other), other])
  )
  others.delete(rowsKey(first))
  return {
    rows: rows(first),
    others: [...others.values()].map(rows),
    absent: emptyValue(first.measure)
  }
}

/** Where each series of the plan, in its order, finds its numbers. */
const cellsOf = (
  plan: TrendsPlan,
  scans: ReadonlyArray<CompiledScan>,
  firstStatement: number
): ReadonlyArray<Cells> =>
  plan.series.flatMap((series) => {
    const position = scans.findIndex(({ scan }) => scan.includes(series))
    const found = scans[position]
    return found
      ? [
          {
            series,
            statement: firstStatement + position,
            // One count serves every total.
            column: `m${found.scan.every(({ measure }) => measure === "total") ? 0 : found.scan.indexOf(series)}`,
            isRunning: found.isRunning,
            breakdown: found.breakdown
          }
        ]
      : []
  })
