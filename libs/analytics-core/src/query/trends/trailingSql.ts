import { column, integer, join, type Sql, sql, uint32s } from "../Sql.ts"
import { measureColumn, type Rows } from "./rows.ts"
import type { TrailingWindows } from "./trailing.ts"
import { placed, type Ranking } from "./trendSql.ts"

/**
 * Changes of the number of people inside overlapping windows: `m0` at `bucket`, to be
 * summed up from the first bucket on. A person is inside from the first window that a cell
 * of theirs reaches, until the last, or until their next cell takes over.
 */
export const trailingChanges = (rows: Rows, windows: TrailingWindows): Sql => {
  const cells = sql`SELECT arraySort(groupUniqArray(bucket)) AS cells FROM (${rows.sql}) GROUP BY person`
  return sql`SELECT change.1 AS bucket, sum(change.2) AS ${measureColumn(0)} FROM (SELECT ${changes(windows)} FROM (${cells})) GROUP BY bucket`
}

/** The same per group, the small groups as one. */
export const trailingChangesPerGroup = (
  rows: Rows,
  ranking: Ranking,
  limit: number,
  windows: TrailingWindows
): Sql => {
  const indexes = rows.breakdown.map((_, index) => index)
  const anyOf = join(
    rows.breakdown.map(
      ({ column: name }, index) =>
        sql`any(toString(${name})) AS ${column("group", index)}`
    ),
    ", "
  )
  const carried = join(
    indexes.map((index) => column("group", index)),
    ", "
  )
  const values = join(
    indexes.map(
      (index) => sql`any(${column("group", index)}) AS ${column("value", index)}`
    ),
    ", "
  )
  const cells = sql`SELECT place, ${anyOf}, arraySort(groupUniqArray(bucket)) AS cells FROM (${placed(rows, ranking, limit)}) GROUP BY place, person`
  return sql`SELECT place, ${values}, change.1 AS bucket, sum(change.2) AS ${measureColumn(0)} FROM (SELECT place, ${carried}, ${changes(windows)} FROM (${cells})) GROUP BY place, bucket`
}

/** One row per change: (bucket, +1 or -1), from the sorted cells of a person. */
const changes = ({ first, last }: TrailingWindows): Sql => {
  const starts = sql`arrayMap(cell -> ${uint32s(first)}[cell + 1], cells)`
  const nextStarts = sql`arrayPushBack(arrayPopFront(${starts}), toUInt32(${integer(NEVER)}))`
  const ends = sql`arrayMap((cell, next) -> least(toUInt32(${uint32s(last)}[cell + 1] + 1), next), cells, ${nextStarts})`
  return sql`arrayJoin(arrayConcat(arrayMap(at -> (at, 1), ${starts}), arrayMap(at -> (at, -1), ${ends}))) AS change`
}

/** Later than any bucket. */
const NEVER = 2 ** 32 - 1
