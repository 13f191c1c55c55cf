import { column, integer, join, type Sql, sql } from "../Sql.ts"
import { direct, type MeasureSql } from "./measures.ts"
import { breakdownColumns, measureColumn, type Rows } from "./rows.ts"

/** Every measure per bucket. */
export const perBucket = ({ sql: rows, measures }: Rows): Sql =>
  sql`SELECT bucket, ${named(measures)} FROM (${rows}) GROUP BY bucket`

const named = (measures: ReadonlyArray<MeasureSql>): Sql =>
  join(
    measures.map(
      (measure, index) => sql`${direct(measure)} AS ${measureColumn(index)}`
    ),
    ", "
  )

/** What groups are placed by. */
export interface Ranking {
  /** Their first measure is the amount of a group. */
  readonly rows: Rows
  /** Groups that only these have are placed too, with the amount `absent`. */
  readonly others: ReadonlyArray<Rows>
  readonly absent: number | null
}

/**
 * The largest groups by the amount over the whole range: the breakdown columns and
 * `place`, from 1. Equal amounts are ordered by value, numbers as numbers.
 */
const largest = (ranking: Ranking, limit: number): Sql =>
  sql`SELECT *, row_number() OVER (ORDER BY ${placeOrder(ranking.rows)}) AS place FROM (${amounts(ranking)}) ORDER BY place LIMIT ${integer(limit)}`

const amounts = ({ absent, others, rows }: Ranking): Sql => {
  const [measure] = rows.measures
  const amount = measure ? direct(measure) : sql`count()`
  const keys = breakdownColumns(rows)
  const own = sql`SELECT ${keys}, ${amount} AS amount FROM (${rows.sql}) GROUP BY ${keys}`
  if (others.length === 0) return own
  const texts = (from: Rows) =>
    join(
      from.breakdown.map(({ column: name }, index) => {
        const as = rows.breakdown[index]?.column ?? name
        return sql`toString(${name}) AS ${as}`
      }),
      ", "
    )
  const all = join(
    [
      sql`SELECT ${texts(rows)}, toFloat64OrNull(toString(amount)) AS measured, 1 AS has FROM (${own})`,
      ...others.map(
        (other) =>
          sql`SELECT DISTINCT ${texts(other)}, CAST(NULL, 'Nullable(Float64)') AS measured, 0 AS has FROM (${other.sql})`
      )
    ],
    " UNION ALL "
  )
  const missing = absent === null ? sql`NULL` : sql`toFloat64(${integer(absent)})`
  return sql`SELECT ${keys}, if(max(has) = 1, anyIf(measured, has = 1), ${missing}) AS amount FROM (${all}) GROUP BY ${keys}`
}

const placeOrder = (rows: Rows): Sql =>
  join(
    [
      sql`amount DESC NULLS LAST`,
      ...rows.breakdown.map(
        ({ column: name }) =>
          sql`toFloat64OrNull(toString(${name})) NULLS LAST, ${name}`
      )
    ],
    ", "
  )

/** Rows with `place`: that of their group among the largest, 0 for all other groups. */
export const placed = (rows: Rows, ranking: Ranking, limit: number): Sql => {
  const keys = join(
    rows.breakdown.map(({ column: name }, index) => {
      const ranked = ranking.rows.breakdown[index]?.column ?? name
      return sql`placed_rows.${name} = largest.${ranked}`
    }),
    " AND "
  )
  return sql`SELECT placed_rows.*, largest.place AS place FROM (${rows.sql}) AS placed_rows ANY LEFT JOIN (${largest(ranking, limit)}) AS largest ON ${keys}`
}

/** Every measure per group and bucket, the small groups as one. */
export const perGroup = (rows: Rows, ranking: Ranking, limit: number): Sql =>
  sql`SELECT place, ${groupValues(rows)}, bucket, ${named(rows.measures)} FROM (${placed(rows, ranking, limit)}) GROUP BY place, bucket`

/** `value0`, `value1` …: the values of a group, whichever row they come from. */
const groupValues = (rows: Rows): Sql =>
  join(
    rows.breakdown.map(
      ({ column: name }, index) =>
        sql`any(toString(${name})) AS ${column("value", index)}`
    ),
    ", "
  )

/**
 * The same for a count, reading the events once: groups are placed by the sums of their
 * buckets, and the counts of the small ones added up.
 */
export const countsPerGroup = (rows: Rows, limit: number): Sql => {
  const keys = breakdownColumns(rows)
  const buckets = sql`SELECT ${keys}, bucket, count() AS events FROM (${rows.sql}) GROUP BY ${keys}, bucket`
  const amounts = sql`SELECT *, sum(events) OVER (PARTITION BY ${keys}) AS amount FROM (${buckets})`
  const ordered = sql`SELECT *, dense_rank() OVER (ORDER BY ${placeOrder(rows)}) AS position FROM (${amounts})`
  return sql`SELECT if(position > ${integer(limit)}, 0, position) AS place, ${groupValues(rows)}, bucket, sum(events) AS ${measureColumn(0)} FROM (${ordered}) GROUP BY place, bucket`
}

/**
 * The same for one bucket, reading the events once: each group is aggregated to states,
 * placed, and the states of the small ones merged.
 */
export const perGroupOnce = (rows: Rows, limit: number): Sql => {
  const [measure] = rows.measures
  if (!measure) return perBucket(rows)
  const states = measure.aggregates.map((aggregate, index) => ({
    aggregate,
    name: column("s", index)
  }))
  const toStates = join(
    states.map(
      ({ aggregate, name }) =>
        sql`${aggregate.of(sql`State`, aggregate.argument)} AS ${name}`
    ),
    ", "
  )
  const amount = measure.finish(
    states.map(({ name }) => sql`finalizeAggregation(${name})`)
  )
  const merged = measure.finish(
    states.map(({ aggregate, name }) => aggregate.of(sql`Merge`, name))
  )
  const groups = sql`SELECT ${breakdownColumns(rows)}, ${toStates} FROM (${rows.sql}) GROUP BY ${breakdownColumns(rows)}`
  const ordered = sql`SELECT *, row_number() OVER (ORDER BY ${placeOrder(rows)}) AS position FROM (SELECT *, ${amount} AS amount FROM (${groups}))`
  return sql`SELECT if(position > ${integer(limit)}, 0, position) AS place, ${groupValues(rows)}, 0 AS bucket, ${merged} AS ${measureColumn(0)} FROM (${ordered}) GROUP BY place`
}
