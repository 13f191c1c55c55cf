import { integer, join, type Sql, sql } from "./Sql.ts"

const WORD = 64
/** Beyond so many, a set of the buckets is smaller. */
const MAX_WORDS = 4

/**
 * An aggregate: the distinct buckets (`bucket` is a UInt32 expression below `count`) of
 * the rows where `condition` holds, as a sorted Array(UInt64). Bits of a few numbers where
 * that is possible, which is fastest.
 */
export const bucketSet = (count: number, bucket: Sql, condition: Sql): Sql => {
  const words = Math.ceil(count / WORD)
  if (words > MAX_WORDS)
    return sql`arraySort(groupUniqArrayIf(toUInt64(${bucket}), ${condition}))`
  const bits = Array.from({ length: words }, (_, word) => {
    const first = integer(word * WORD)
    const here =
      words === 1
        ? condition
        : sql`${condition} AND intDiv(${bucket}, ${integer(WORD)}) = ${integer(word)}`
    return sql`arrayMap(p -> p + ${first}, bitPositionsToArray(
      groupBitOrIf(bitShiftLeft(toUInt64(1), ${bucket} % ${integer(WORD)}), ${here})))`
  })
  return sql`arrayConcat(${join(bits, ", ")})`
}
