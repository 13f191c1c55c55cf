import type { QueryContext } from "./Compiled.ts"
import { also, keptLinks } from "./removed.ts"
import { instant, type Param, type Sql, sql, uint32 } from "./Sql.ts"

/**
 * Adds the column `person` to a SELECT that has `id_hash`: the newest link of the id at
 * the watermark, else the id itself. All of the ids are `among`, if that is given.
 */
export const identify = (context: QueryContext, events: Sql, among?: Sql): Sql =>
  context.hasLinks
    ? sql`SELECT *, if(link_person = 0, id_hash, link_person) AS person FROM (${events}) AS unlinked LEFT JOIN (${links(context, among)}) AS links ON links.link_id = unlinked.id_hash`
    : sql`SELECT *, id_hash AS person FROM (${events})`

/**
 * `link_id`, `link_person`: the ids that stand for somebody else at the watermark; with
 * `among` only of those ids, which is fast for few.
 */
export const links = (context: QueryContext, among?: Sql): Sql =>
  sql`SELECT id_hash AS link_id, argMax(person, (known_at, version)) AS link_person FROM person_links WHERE project_id = ${uint32(context.projectId)} AND known_at <= ${instant(context.watermark)}${also(keptLinks(context))}${among ? sql` AND id_hash IN (${among})` : sql``} GROUP BY id_hash HAVING link_person != link_id`

/** A SELECT of the column `id`: the id hashes that stand for this person (a UInt64) at the watermark. */
export const idsOf = (context: QueryContext, person: Param): Sql =>
  context.hasLinks
    ? sql`SELECT arrayJoin(arrayConcat(groupArrayIf(link_id, link_person = ${person}), if(countIf(link_id = ${person}) = 0, [${person}], []))) AS id FROM (${links(context, sql`${everOf(context, sql`SELECT ${person}`)} UNION ALL SELECT ${person}`)})`
    : sql`SELECT ${person} AS id`

/** A SELECT of the id hashes that stood for one of these people at any time. */
export const everOf = (context: QueryContext, people: Sql): Sql =>
  sql`SELECT id_hash FROM person_links WHERE project_id = ${uint32(context.projectId)} AND person IN (${people})${also(keptLinks(context))}`

/** Whether the project has links at all by then. Once true, it stays true. */
export const hasLinksSql = (projectId: number, watermark: number): Sql =>
  sql`SELECT 1 FROM person_links WHERE project_id = ${uint32(projectId)} AND known_at <= ${instant(watermark)} LIMIT 1`
