import { instant, join, type Sql, sql, uint32, uint64 } from "../Sql.ts"
import { hasChangeSql } from "./traitChanges.ts"

/** Ids of batches are made by clocks of other processes. */
const SKEW = 1000
const RANDOM_BITS = 22n

/**
 * A SELECT that has a row if traits of people or groups changed otherwise than by being set,
 * as known by then. Once true, it stays true. Instants in epoch milliseconds.
 *
 * @param without a watermark by which there was no such change: only what became known
 *   since is read, and what was stored since under an earlier moment, as test mode allows
 */
export const hasTraitChangesSql = (
  projectId: number,
  watermark: number,
  without?: number
): Sql => {
  const changes = (condition: Sql) =>
    sql`SELECT 1 FROM events WHERE project_id = ${uint32(projectId)} AND event IN ('$identify', '$group') AND type IN ('identify', 'group') AND known_at <= ${instant(watermark)}${condition} AND ${hasChangeSql(sql`props`)} LIMIT 1`
  if (without === undefined) return changes(sql``)
  const batches = BigInt(Math.max(0, without - SKEW)) << RANDOM_BITS
  // Apart, so that either is found by its own index.
  return join(
    [
      changes(sql` AND known_at > ${instant(without)}`),
      changes(sql` AND batch_id >= ${uint64(batches)}`)
    ],
    " UNION ALL "
  )
}
