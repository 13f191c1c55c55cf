import type { QueryContext } from "../Compiled.ts"
import { links } from "../People.ts"
import { also, keptEvents } from "../removed.ts"
import {
  and,
  instant,
  integer,
  type Param,
  type Sql,
  sql,
  string,
  uint32,
  uint64
} from "../Sql.ts"
import { answerColumns, answered } from "./EventAnswer.ts"
import type { EventsRequest } from "./EventsRequest.ts"
import { type EventsPage, matching, newest, place } from "./matching.ts"
import { timelineSql } from "./timelineSql.ts"

/** Events that are hoped to hold a page, a multiple of it: filters may leave few. */
const CANDIDATES = 100

/**
 * A page of events, newest first. Three steps in one statement, because the table is not
 * in the order of time and an event is wide: how far back `limit` matching events surely
 * reach, which those are, from narrow columns, and what stands in them. A person's are
 * found by the person instead of by the time.
 */
export const eventsSql = (
  request: EventsRequest,
  page: EventsPage,
  context: QueryContext
): Sql => {
  if (request.person !== undefined) {
    const person = uint64(BigInt(request.person))
    return wideSql(timelineSql(request, page, context, person), page, context, person)
  }
  const late = matching(request, page, context, [sql`timestamp >= since`])
  const chosen = sql`(${reach(request, page, context)}) AS since,
    (${newest(late, page.limit)}) AS page`
  return wideSql(chosen, page, context)
}

/**
 * The events at the places `page`, an array that `chosen` defines: all are of `owner`, or
 * of whom their ids stand for.
 */
const wideSql = (
  chosen: Sql,
  { limit }: EventsPage,
  context: QueryContext,
  owner?: Param
): Sql => {
  const linked =
    context.hasLinks && owner === undefined
      ? sql`SELECT groupArray((link_id, link_person))
          FROM (${links(context, sql`SELECT arrayJoin(page).3`)})`
      : sql`SELECT CAST([], 'Array(Tuple(UInt64, UInt64))')`
  const person = owner ?? sql`transform(id_hash, ids, people, id_hash)`
  return sql`WITH ${chosen}, (${linked}) AS linked, arrayPushBack(linked.1, 0) AS ids,
      arrayPushBack(linked.2, 0) AS people
    SELECT ${answered} FROM (
      SELECT ${answerColumns}, ${person} AS person
      FROM events WHERE project_id = ${uint32(context.projectId)}
        AND known_at <= ${instant(context.watermark)}${also(keptEvents(context))}
        AND ${place} IN (SELECT arrayJoin(page)))
    ORDER BY at DESC, message_id DESC LIMIT ${integer(limit)}`
}

/** The guess if enough matching events are as late as it, else the start of the range. */
const reach = (
  request: EventsRequest,
  page: EventsPage,
  context: QueryContext
): Sql => {
  const late = matching(request, page, context, [sql`timestamp >= guess`])
  return sql`WITH (${guess(request, page, context)}) AS guess
    SELECT if(count() = ${integer(page.limit)}, guess, ${instant(page.range.from)})
    FROM (SELECT 1 FROM (${late}) LIMIT ${integer(page.limit)})`
}

/**
 * A moment from which on there are many events, from the projection `p_counts`. It need
 * not be right: filters, the watermark and erased events are not looked at.
 */
const guess = (
  request: EventsRequest,
  { after, limit, range }: EventsPage,
  context: QueryContext
): Sql => {
  const quarter = sql`toStartOfFifteenMinutes(timestamp)`
  const counts = sql`SELECT ${quarter} AS quarter, count() AS events FROM events
    WHERE ${and([
      sql`project_id = ${uint32(context.projectId)}`,
      request.event === undefined
        ? sql`event NOT IN ('$identify', '$group', '$alias')`
        : sql`event = ${string(request.event)}`,
      sql`${quarter} <= ${instant(after?.at ?? range.to)}`,
      ...(request.includeBots ? [] : [sql`is_bot = 0`])
    ])} GROUP BY quarter`
  const sums = sql`SELECT quarter, sum(events) OVER (ORDER BY quarter DESC
    ROWS UNBOUNDED PRECEDING) AS later FROM (${counts})`
  return sql`SELECT greatest(${instant(range.from)}, toDateTime64(maxIf(quarter,
    later >= ${integer(CANDIDATES * limit)}), 3, 'UTC')) FROM (${sums})`
}
