import type { EventRead } from "./Compiled.ts"
import {
  and,
  instant,
  join,
  or,
  type Sql,
  sql,
  string,
  strings,
  uint32,
  uint64
} from "./Sql.ts"

/** What an answer was made of, and between which moments it may have changed. */
export interface Dependence {
  readonly projectId: number
  /** Events it looked at; nothing else of the table matters to it. */
  readonly reads: ReadonlyArray<EventRead>
  /** Cohorts whose members matter to it. */
  readonly cohorts: ReadonlyArray<string>
  /** Two watermarks in epoch milliseconds: `after` excluded, `until` included. */
  readonly after: number
  readonly until: number
  /**
   * A watermark that was told before the answer was computed. What is stored later under
   * an earlier moment, as only test mode allows, is told by its batch.
   */
  readonly told: number
}

/** Ids of batches and versions of links are made by clocks of other processes. */
const SKEW = 1000

/**
 * A SELECT that has a row if an answer may be another one as of `until` than as of `after`,
 * provided that nothing was removed: rows of `events`, `person_links` and `cohort_ids` are
 * never changed and only become known. An answer depends on the events it reads, on whom
 * their ids stand for, and on lists of people. Ids that are on a list need have no event
 * that is read, so of a query with a cohort every link matters.
 */
export const changedSql = (dependence: Dependence): Sql => {
  const { after, cohorts, projectId, reads, told, until } = dependence
  const own = sql`project_id = ${uint32(projectId)}`
  const people = reads.filter(({ person }) => person)
  const batches = uint64(BigInt(Math.max(0, told - SKEW)) << 22n)
  const late = sql`known_at <= ${instant(until)}`
  const known = sql`known_at > ${instant(after)} AND ${late}`
  const links = (column: Sql) =>
    sql`SELECT ${column} FROM person_links WHERE ${own} AND ${late} AND (known_at > ${instant(after)} OR version >= ${uint64(BigInt(Math.max(0, told - SKEW)) * 1000n)})`
  const events = (of: ReadonlyArray<EventRead>, condition: Sql) =>
    sql`SELECT 1 AS changed FROM events WHERE ${own} AND ${readsSql(of)} AND ${condition} LIMIT 1`
  return join(
    [
      events(reads, known),
      // Apart, so that either is found by its own index.
      events(reads, sql`batch_id >= ${batches} AND ${late}`),
      ...(cohorts.length === 0
        ? people.length === 0
          ? []
          : [events(people, sql`id_hash IN (${links(sql`id_hash`)})`)]
        : [
            sql`${links(sql`1 AS changed`)} LIMIT 1`,
            sql`SELECT 1 AS changed FROM cohort_ids WHERE ${own} AND cohort IN (${join(
              cohorts.map((id) => sql`toUUID(${string(id)})`),
              ", "
            )}) AND changed_at > ${instant(after)} AND changed_at <= ${instant(until)} LIMIT 1`
          ])
    ],
    " UNION ALL "
  )
}

const readsSql = (reads: ReadonlyArray<EventRead>): Sql => {
  const conditions = new Map(
    reads.map((read) => [JSON.stringify([read.events, read.from, read.to]), read])
  )
  return or(
    Array.from(conditions.values(), ({ events, from, to }) =>
      and([
        ...(events === undefined ? [] : [sql`event IN ${strings(events)}`]),
        sql`timestamp >= ${instant(from)}`,
        sql`timestamp < ${instant(to)}`
      ])
    )
  )
}
