import { type BreakdownValue, breakdownValue } from "../breakdownValue.ts"
import type { Row } from "../Compiled.ts"
import type { QueryInvalid } from "../QueryInvalid.ts"
import type { Value } from "../Values.ts"
import { evaluate } from "./Formula.ts"
import { emptyValue } from "./measures.ts"
import {
  MAX_CELLS,
  type Period,
  type PlannedSeries,
  type TrendsPlan,
  tooManyCells
} from "./TrendsPlan.ts"
import type { TrendLines, TrendsResult, TrendsSeries } from "./TrendsResult.ts"

/** Where the numbers of a series are: the statement's position and the measure's column. */
export interface Cells {
  readonly series: PlannedSeries
  readonly statement: number
  readonly column: string
  /** Whether the numbers are changes, to be summed up. */
  readonly isRunning: boolean
  readonly breakdown: ReadonlyArray<Value>
}

/** One group of a series: `place` 1 … n are the largest, 0 is all others. */
interface Line {
  readonly place: number
  readonly values: ReadonlyArray<BreakdownValue>
  readonly data: Array<number | null>
}

type Rows = ReadonlyArray<ReadonlyArray<Row>>

export const decodeTrends = (
  plan: TrendsPlan,
  cells: {
    readonly main: ReadonlyArray<Cells>
    readonly compare: ReadonlyArray<Cells>
  },
  rows: Rows
): TrendsResult | QueryInvalid => {
  // Before any line is made, because a line has all buckets however few rows it has.
  if (
    rows.some(({ length }) => length > MAX_CELLS) ||
    linesIn(plan, cells.main, rows) * mostBuckets(plan) > MAX_CELLS
  )
    return tooManyCells("/breakdownLimit")
  const main = cells.main.map((part) => linesOf(plan, plan.main, part, rows))
  const asked = plan.formula ? withEachOther(main, plan, plan.main, cells.main) : main
  const result = answer(plan, plan.main, cells.main, asked)
  const { compare } = plan
  if (!compare) return result
  const earlier = cells.compare.map((part, index) => {
    const found = linesOf(plan, compare, part, rows)
    // The same groups as in the asked range, so that lines can be laid over each other.
    return (asked[index] ?? []).map(
      ({ place, values }) =>
        found.find((line) => line.place === place) ??
        emptyLine(place, values, compare, part.series)
    )
  })
  return { ...result, compare: answer(plan, compare, cells.compare, earlier) }
}

/** How many lines the answer has, those of the formula included. */
const linesIn = (plan: TrendsPlan, cells: ReadonlyArray<Cells>, rows: Rows): number => {
  if (plan.breakdown.length === 0) return cells.length + (plan.formula ? 1 : 0)
  const places = cells.map(
    (part) => new Set((rows[part.statement] ?? []).map((row) => Number(row["place"])))
  )
  return plan.formula
    ? new Set(places.flatMap((found) => [...found])).size * (cells.length + 1)
    : places.reduce((sum, { size }) => sum + size, 0)
}

const mostBuckets = ({ compare, main }: TrendsPlan): number =>
  Math.max(main.buckets.starts.length, compare?.buckets.starts.length ?? 0)

const answer = (
  plan: TrendsPlan,
  { buckets }: Period,
  cells: ReadonlyArray<Cells>,
  lines: ReadonlyArray<ReadonlyArray<Line>>
): TrendLines => ({
  buckets: buckets.starts.map((start) => new Date(start).toISOString()),
  labels: buckets.labels,
  series: [
    ...lines.flatMap((group, index) =>
      group.map((line) => toSeries(plan, cells[index]?.series.name ?? "", line))
    ),
    ...formulaSeries(plan, cells, lines)
  ]
})

const toSeries = (plan: TrendsPlan, name: string, line: Line): TrendsSeries => {
  const other = plan.breakdown.length > 0 && line.place === 0
  return {
    name,
    breakdown: plan.breakdown.length === 0 || other ? null : line.values,
    other,
    data: line.data
  }
}

/** The groups of a series, largest first, `other` last; without a breakdown just one. */
const linesOf = (
  plan: TrendsPlan,
  period: Period,
  part: Cells,
  rows: Rows
): ReadonlyArray<Line> => {
  const lines = new Map<number, Line>()
  if (plan.breakdown.length === 0) lines.set(0, emptyLine(0, [], period, part.series))
  for (const row of rows[part.statement] ?? []) {
    const place = Number(row["place"] ?? 0)
    let line = lines.get(place)
    if (!line) {
      const values = part.breakdown.map((value, index) =>
        breakdownValue(value.kind, String(row[`value${index}`]))
      )
      line = emptyLine(place, values, period, part.series)
      lines.set(place, line)
    }
    const bucket = Number(row["bucket"])
    const number = row[part.column]
    if (bucket < line.data.length)
      line.data[bucket] =
        number === null ? emptyValue(part.series.measure) : Number(number)
  }
  const found = [...lines.values()]
  if (part.isRunning) for (const { data } of found) sumUp(data)
  return found.sort((a, b) => orderOf(a.place) - orderOf(b.place))
}

const orderOf = (place: number) => (place === 0 ? Number.POSITIVE_INFINITY : place)

const sumUp = (data: Array<number | null>) => {
  let sum = 0
  data.forEach((change, index) => {
    sum += change ?? 0
    data[index] = sum
  })
}

const emptyLine = (
  place: number,
  values: ReadonlyArray<BreakdownValue>,
  { buckets }: Period,
  series: PlannedSeries
): Line => ({
  place,
  values,
  data: buckets.starts.map(() => emptyValue(series.measure))
})

/** Gives every series the groups of all, so that a formula finds its operands. */
const withEachOther = (
  lines: ReadonlyArray<ReadonlyArray<Line>>,
  plan: TrendsPlan,
  period: Period,
  cells: ReadonlyArray<Cells>
): ReadonlyArray<ReadonlyArray<Line>> => {
  if (plan.breakdown.length === 0) return lines
  const all = new Map(lines.flat().map((line) => [line.place, line.values]))
  const places = [...all.keys()].sort((a, b) => orderOf(a) - orderOf(b))
  return cells.map((part, index) =>
    places.map(
      (place) =>
        lines[index]?.find((line) => line.place === place) ??
        emptyLine(place, all.get(place) ?? [], period, part.series)
    )
  )
}

const formulaSeries = (
  plan: TrendsPlan,
  cells: ReadonlyArray<Cells>,
  lines: ReadonlyArray<ReadonlyArray<Line>>
): ReadonlyArray<TrendsSeries> => {
  const { formula } = plan
  if (!formula) return []
  const position = new Map(cells.map(({ series }, index) => [series.name, index]))
  return (lines[0] ?? []).map((line, group) =>
    toSeries(plan, formula.name, {
      ...line,
      data: line.data.map((_, bucket) =>
        evaluate(
          formula.value,
          (name) => lines[position.get(name) ?? -1]?.[group]?.data[bucket] ?? null
        )
      )
    })
  )
}
