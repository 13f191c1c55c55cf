import type { QueryContext } from "./Compiled.ts"
import { join, type Sql, sql, uint32 } from "./Sql.ts"

/** What a condition needs to know. */
type Removing = Pick<QueryContext, "projectId" | "removals">

/**
 * Conditions on columns of `events` that leave out what is being erased or has expired:
 * none while nothing is, because they keep projections from being used.
 *
 * @param removals the table, when its plain name would be something else
 */
export const keptEvents = (
  context: Removing,
  removals: Sql = table
): ReadonlyArray<Sql> =>
  context.removals
    ? [
        sql`toUnixTimestamp64Milli(received_at) > ${lastOf(context, removals, sql`id_hash`, sql`received_until`)}`,
        sql`NOT arrayExists(gone -> timestamp >= gone.1 AND timestamp < gone.2 AND received_at <= gone.3, (SELECT groupArray((from_at, to_at, received_until)) FROM ${removals} WHERE project_id = ${uint32(context.projectId)} AND is_range = 1))`
      ]
    : []

/** Conditions on rows of `person_links`: those that name an erased id, known by then. */
export const keptLinks = (
  context: Removing,
  removals: Sql = table
): ReadonlyArray<Sql> =>
  context.removals
    ? [sql`id_hash`, sql`person`].map(
        (id) =>
          sql`toUnixTimestamp64Milli(known_at) > ${lastOf(context, removals, id, sql`known_until`)}`
      )
    : []

/**
 * As `keptEvents`, of all projects at once; true while nothing is removed. Hashes of ids
 * are of a project and an id.
 */
export const keptEverywhere = (): Sql =>
  sql`(toUnixTimestamp64Milli(received_at) > ${lastIn(sql`removals WHERE is_range = 0`, sql`id_hash`, sql`received_until`)} AND NOT arrayExists(gone -> project_id = gone.1 AND timestamp >= gone.2 AND timestamp < gone.3 AND received_at <= gone.4, (SELECT groupArray((project_id, from_at, to_at, received_until)) FROM removals WHERE is_range = 1)))`

/** A condition on rows of `cohort_ids`: ids that were listed before they were erased. */
export const keptMembers = (context: Removing): ReadonlyArray<Sql> =>
  context.removals
    ? [
        sql`toUnixTimestamp64Milli(changed_at) > ${lastOf(context, table, sql`id_hash`, sql`known_until`)}`
      ]
    : []

/** The same conditions as the end of a WHERE: ` AND …`, or nothing. */
export const also = (conditions: ReadonlyArray<Sql>): Sql =>
  join(
    conditions.map((condition) => sql` AND ${condition}`),
    " "
  )

/** Whether anything of the project is being removed. */
export const hasRemovalsSql = (projectId: number): Sql =>
  sql`SELECT 1 FROM removals WHERE project_id = ${uint32(projectId)} LIMIT 1`

const table = sql`removals`

/** Up to when an id is removed, in epoch milliseconds; -1 if it is not. */
const lastOf = ({ projectId }: Removing, removals: Sql, id: Sql, until: Sql): Sql =>
  lastIn(
    sql`${removals} WHERE project_id = ${uint32(projectId)} AND is_range = 0`,
    id,
    until
  )

const lastIn = (removals: Sql, id: Sql, until: Sql): Sql => {
  const each = sql`(SELECT (groupArray(gone_id), groupArray(gone_until)) FROM (SELECT id_hash AS gone_id, max(toUnixTimestamp64Milli(${until})) AS gone_until FROM ${removals} GROUP BY id_hash ORDER BY id_hash))`
  return sql`transform(${id}, arrayPushBack(tupleElement(${each}, 1), toUInt64(0)), arrayPushBack(tupleElement(${each}, 2), toInt64(-1)), toInt64(-1))`
}
