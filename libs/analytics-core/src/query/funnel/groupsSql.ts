import { column, integer, join, type Sql, sql } from "../Sql.ts"
import { type FunnelRequest, MAX_GROUPS } from "./Funnel.ts"
import { upTo } from "./FunnelShape.ts"

type FunnelSteps = FunnelRequest["steps"]

/** Every person of the funnel in one row, also when there is nobody. */
export const totalSql = (steps: FunnelSteps, people: Sql): Sql =>
  sql`SELECT ${join(measures(steps, ""), ", ")} FROM (${people})`

/**
 * One row a value of the breakdown, the largest first. States are merged rather than
 * numbers, so that the means and medians of `other` are of its people.
 */
export const groupsSql = (steps: FunnelSteps, values: number, people: Sql): Sql => {
  const keys = Array.from({ length: values }, (_, index) => column("b", index))
  const key = join(keys, ", ")
  const states = sql`SELECT ${key}, countIf(f1 > 0) AS size,
    ${join(measures(steps, "State"), ", ")} FROM (${people}) GROUP BY ${key}`
  const placed = sql`SELECT *, row_number() OVER (ORDER BY size DESC, ${key}) >
    ${integer(MAX_GROUPS)} AS other FROM (${states})`
  const shown = keys.map((name) => sql`if(other, '', ${name}) AS ${name}`)
  const named = sql`SELECT other, size, ${join(shown, ", ")},
    ${join(upTo(steps.length).flatMap(names), ", ")} FROM (${placed})`
  return sql`SELECT other, ${key}, ${join(merged(steps.length), ", ")} FROM (${named})
    GROUP BY other, ${key} ORDER BY other, sum(size) DESC, ${key}`
}

const names = (step: number): ReadonlyArray<Sql> => [
  sql`n${integer(step)}`,
  sql`mean${integer(step)}`,
  sql`median${integer(step)}`
]

/** Of those who reached the step: how many, and their milliseconds since the one before. */
const measures = (steps: FunnelSteps, suffix: "" | "State"): ReadonlyArray<Sql> => {
  const state = suffix === "State" ? sql`State` : sql``
  return upTo(steps.length).flatMap((step) => {
    const f = sql`f${integer(step)}`
    // The last required step lies after all before it, only optional ones after it.
    const last = steps.slice(0, step - 1).findLastIndex(({ optional }) => !optional)
    const before = upTo(step - 1)
      .slice(Math.max(0, last))
      .map((earlier) => sql`f${integer(earlier)}`)
    const since =
      before.length === 0
        ? sql`toInt64(0)`
        : sql`${f} - arrayMax([${join(before, ", ")}])`
    return [
      sql`countIf${state}(${f} > 0) AS n${integer(step)}`,
      sql`avgIf${state}(${since}, ${f} > 0) AS mean${integer(step)}`,
      sql`quantileExactInclusiveIf${state}(0.5)(${since}, ${f} > 0) AS median${integer(step)}`
    ]
  })
}

const merged = (steps: number): ReadonlyArray<Sql> =>
  upTo(steps).flatMap((step) => {
    const at = integer(step)
    return [
      sql`countIfMerge(n${at}) AS n${at}`,
      sql`avgIfMerge(mean${at}) AS mean${at}`,
      sql`quantileExactInclusiveIfMerge(0.5)(median${at}) AS median${at}`
    ]
  })
