import type { QueryContext } from "../Compiled.ts"
import { idsOf } from "../People.ts"
import { keptEvents } from "../removed.ts"
import {
  and,
  instant,
  integer,
  type Param,
  type Sql,
  sql,
  string,
  uint32
} from "../Sql.ts"
import type { EventsRequest } from "./EventsRequest.ts"
import { before, type EventsPage, endOf, matching, newest, place } from "./matching.ts"

/** Newest events of the person that are looked at first: some may not match. */
const nearby = (limit: number): number => limit + 50

/**
 * Defines `page`, the places of the newest matching events of a person (a UInt64), and of
 * a few more. The projection `p_timeline` alone tells which these are, unless the request
 * has filters.
 */
export const timelineSql = (
  request: EventsRequest,
  page: EventsPage,
  context: QueryContext,
  person: Param
): Sql => {
  if (needsTable(request, context)) return filtered(request, page, context, person)
  const theirs = matching(request, page, context, [
    sql`id_hash IN (${idsOf(context, person)})`
  ])
  return sql`(${newest(theirs, page.limit)}) AS page`
}

/** Whether columns decide that the projection has not. */
const needsTable = ({ filters = [] }: EventsRequest, { onlyPeople }: QueryContext) =>
  filters.length > 0 || onlyPeople !== undefined

/**
 * The projection knows where their events lie, and the table which of those match; each
 * costs a granule, so that the newest are looked at first (`near`) and the older ones only
 * if those hold no page.
 */
const filtered = (
  request: EventsRequest,
  page: EventsPage,
  context: QueryContext,
  person: Param
): Sql => {
  const { after, limit, range } = page
  // Columns of the projection alone, or it is not used, as while something is removed.
  const own = and([
    sql`project_id = ${uint32(context.projectId)}`,
    sql`id_hash IN (SELECT arrayJoin(own))`,
    sql`timestamp >= ${instant(range.from)}`,
    sql`timestamp < ${instant(endOf(range, after))}`,
    request.event === undefined
      ? sql`event NOT IN ('$identify', '$group', '$alias')`
      : sql`event = ${string(request.event)}`,
    ...keptEvents(context),
    ...before(after)
  ])
  const near = sql`SELECT timestamp, event, message_id, id_hash FROM events WHERE ${own}
    ORDER BY timestamp DESC, message_id DESC LIMIT ${integer(nearby(limit))}`
  const found = matching(request, page, context, [
    sql`${place} IN (SELECT arrayJoin(near))`
  ])
  const older = matching(request, page, context, [
    sql`timestamp <= oldest.1`,
    sql`(timestamp, message_id) < oldest`,
    sql`(event, toDate(timestamp), id_hash) IN (SELECT event, toDate(timestamp), id_hash
      FROM events WHERE ${own} AND timestamp <= oldest.1)`
  ])
  return sql`(SELECT groupArray(id) FROM (${idsOf(context, person)})) AS own,
    (${newest(near, nearby(limit))}) AS near, (${newest(found, limit)}) AS found,
    if(length(near) < ${integer(nearby(limit))} OR length(found) = ${integer(limit)},
      (${instant(0)}, ''),
      arraySort(arrayMap(n -> (n.4, n.5), near))[1]) AS oldest,
    arrayConcat(found, (${newest(older, limit)})) AS page`
}
