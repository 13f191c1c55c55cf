import type { QueryContext } from "../Compiled.ts"
import { everOf, links } from "../People.ts"
import { also, keptEvents } from "../removed.ts"
import { instant, integer, type Sql, sql, string, uint32, uint64 } from "../Sql.ts"
import { everyTrait } from "../traits/changedTraits.ts"

/** Texts of ids that are read of one person. */
const MOST_IDS = 1000

export interface Page {
  /** A SELECT of the distinct `person`s, of which this is a page. */
  readonly people: Sql
  /** The last person of the page before. */
  readonly after: bigint | undefined
  readonly limit: number
  /** Whether these are so few that each event is worth finding by its place in the table. */
  readonly isNarrow: boolean
}

/**
 * One row a person of the page, in the order of their number: `person`, `id_hashes`,
 * `events` (how many), `user_ids`, `anonymous_ids`, `first_seen` and `last_seen` (milliseconds), and `traits`:
 * (path, JSON text, when, message), oldest first.
 *
 * `roster` is a constant of the statement, worked out once. The engine reads its text
 * again wherever it is named, so it is named as seldom as can be.
 */
export const rosterSql = (context: QueryContext, page: Page): Sql => {
  const { isNarrow } = page
  if (context.hasTraitChanges) return changedRoster(context, page)
  const leaves = sql`SELECT person, is_trait, path,
      argMax(value, (timestamp, message_id)) AS latest,
      max((timestamp, message_id)) AS at,
      count() AS entries, min(timestamp) AS first, max(timestamp) AS last,
      groupUniqArray(${integer(MOST_IDS)})(user_id) AS users,
      groupUniqArray(${integer(MOST_IDS)})(anonymous_id) AS anonymous
    FROM (${seen(context)} UNION ALL ${traits(context, isNarrow)}) AS read
    INNER JOIN (${members}) AS members ON members.own_hash = read.id_hash
    GROUP BY person, is_trait, path`
  return sql`WITH (${membersOf(context, page)}) AS roster
    SELECT toString(leaves.person) AS person, anyIf(users, is_trait = 0) AS user_ids,
      anyIf(anonymous, is_trait = 0) AS anonymous_ids,
      anyIf(entries, is_trait = 0) AS events,
      toUnixTimestamp64Milli(minIf(first, is_trait = 0)) AS first_seen,
      toUnixTimestamp64Milli(maxIf(last, is_trait = 0)) AS last_seen,
      arrayMap(t -> (t.3, t.4, toUnixTimestamp64Milli(t.1), t.2), arraySort(
        groupArrayIf((at.1, at.2, path, latest), is_trait = 1))) AS traits,
      arrayMap(m -> toString(m.1), arrayFilter(m -> m.2 = leaves.person,
        roster)) AS id_hashes
    FROM (${leaves}) AS leaves GROUP BY leaves.person ORDER BY leaves.person`
}

/** The same where traits are what many changes made of them. */
const changedRoster = (context: QueryContext, page: Page): Sql => {
  const events = sql`SELECT person, count() AS events, min(timestamp) AS first,
      max(timestamp) AS last, groupUniqArray(${integer(MOST_IDS)})(user_id) AS user_ids,
      groupUniqArray(${integer(MOST_IDS)})(anonymous_id) AS anonymous_ids
    FROM (${seen(context)}) AS read INNER JOIN (${members}) AS members
    ON members.own_hash = read.id_hash GROUP BY person`
  const leaves = sql`SELECT person, timestamp, message_id, (path, value) AS leaf
    FROM (${traits(context, page.isNarrow)}) AS read INNER JOIN (${members}) AS members
    ON members.own_hash = read.id_hash`
  const changed = sql`SELECT person AS trait_person,
      arrayMap(t -> (t.3, t.4, toUnixTimestamp64Milli(t.1), t.2), arraySort(groupArray(
        (changed_at.1, changed_at.2, path, value)))) AS traits
    FROM (${everyTrait(leaves)}) GROUP BY person`
  return sql`WITH (${membersOf(context, page)}) AS roster
    SELECT toString(seen.person) AS person, user_ids, anonymous_ids, events,
      toUnixTimestamp64Milli(first) AS first_seen,
      toUnixTimestamp64Milli(last) AS last_seen, traits,
      arrayMap(m -> toString(m.1), arrayFilter(m -> m.2 = seen.person,
        roster)) AS id_hashes
    FROM (${events}) AS seen LEFT JOIN (${changed}) AS changed
    ON changed.trait_person = seen.person ORDER BY seen.person`
}

const members: Sql = sql`SELECT arrayJoin(roster) AS member, member.1 AS own_hash,
  member.2 AS person`

/** (id hash, person) of every id of the page's people. An id that names a person is theirs. */
const membersOf = (
  context: QueryContext,
  { after, isNarrow, limit, people }: Page
): Sql => {
  const first = after === undefined ? sql`` : sql` WHERE person > ${uint64(after)}`
  const page = sql`SELECT person FROM (${people})${first}
    ORDER BY person LIMIT ${integer(limit)}`
  const known = links(context, isNarrow ? everOf(context, page) : undefined)
  return context.hasLinks
    ? sql`SELECT groupArray((id, person)) FROM (SELECT person, arrayJoin(arrayDistinct(
        arrayPushBack(groupArray(link_id), person))) AS id FROM (${page}) AS page
        LEFT JOIN (${known}) AS links ON links.link_person = page.person
        GROUP BY person) WHERE id != 0`
    : sql`SELECT groupArray((person, person)) FROM (${page})`
}

/** The columns of the projection `p_timeline` are read of these without the table. */
const theirs = (context: QueryContext): Sql =>
  sql`FROM events WHERE project_id = ${uint32(context.projectId)}
    AND known_at <= ${instant(context.watermark)}
    AND id_hash IN (SELECT arrayJoin(roster).1)${also(keptEvents(context))}`

const seen = (context: QueryContext): Sql =>
  sql`SELECT id_hash, timestamp, message_id, user_id, anonymous_id, 0 AS is_trait,
      '' AS path, '' AS value ${theirs(context)}`

const traits = (context: QueryContext, isNarrow: boolean): Sql => {
  const own = sql`${theirs(context)} AND event = ${string("$identify")}
    AND type = ${string("identify")}`
  // The projection knows where they lie, the table what stands in them.
  const places = sql` AND (event, toDate(timestamp), id_hash) IN (
    SELECT event, toDate(timestamp), id_hash ${own})`
  return sql`SELECT id_hash, timestamp, message_id, '' AS user_id, '' AS anonymous_id,
      1 AS is_trait, leaf.1 AS path, leaf.2 AS value
    FROM (SELECT id_hash, timestamp, message_id,
      arrayJoin(CAST(props, 'Array(Tuple(String, String))')) AS leaf
      ${own}${isNarrow ? places : sql``})`
}
