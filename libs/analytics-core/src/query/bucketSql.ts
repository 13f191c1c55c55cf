import { int64, int64s, integer, join, type Sql, sql } from "./Sql.ts"
import type { TimeBuckets } from "./TimeBuckets.ts"

/** Buckets of one length in a row: `first` is the index of the one at `start`. */
interface Run {
  readonly first: number
  readonly start: number
  readonly length: number
}

/** Beyond this many runs a search in the list of starts is faster. */
const MAX_RUNS = 6

/**
 * The index of the bucket that `milliseconds` (an Int64 expression) lies in. It must lie
 * in `[starts[0], end)`. Exact by construction: the engine knows no zone, only starts.
 */
export const bucketIndex = (buckets: TimeBuckets, milliseconds: Sql): Sql => {
  const runs = runsOf(buckets)
  const [only] = runs
  if (buckets.starts.length <= 1 || only === undefined) return sql`toUInt32(0)`
  if (runs.length > MAX_RUNS) {
    const starts = int64s(buckets.starts)
    return sql`transform(roundDown(${milliseconds}, ${starts}), ${starts}, range(toUInt32(${integer(buckets.starts.length)})), toUInt32(0))`
  }
  const indexes = runs.map((run) => indexIn(run, milliseconds))
  const [last] = indexes.slice(-1)
  const branches = runs
    .slice(1)
    .flatMap((run, position) => [
      sql`${milliseconds} < ${int64(run.start)}`,
      indexes[position] ?? sql`0`
    ])
  return branches.length === 0 || last === undefined
    ? sql`toUInt32(${indexIn(only, milliseconds)})`
    : sql`toUInt32(multiIf(${join([...branches, last], ", ")}))`
}

const indexIn = (run: Run, milliseconds: Sql): Sql =>
  sql`(${integer(run.first)} + intDiv(${milliseconds} - ${int64(run.start)}, ${int64(run.length)}))`

const runsOf = ({ starts, end }: TimeBuckets): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  starts.forEach((start, first) => {
    const length = (starts[first + 1] ?? end) - start
    const current = runs.at(-1)
    if (current?.length !== length) runs.push({ first, start, length })
  })
  return runs
}
