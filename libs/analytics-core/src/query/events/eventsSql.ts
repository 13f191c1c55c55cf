import type { TimeRange } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { idsOf, links } from "../People.ts"
import { type SourceRequest, source } from "../Source.ts"
import { and, instant, integer, type Sql, sql, string, uint32, uint64 } from "../Sql.ts"
import { Values } from "../Values.ts"
import { answerColumns, answered } from "./EventAnswer.ts"
import type { EventsRequest } from "./EventsRequest.ts"

/** Where a page begins: after this event. */
export interface After {
  /** Epoch milliseconds. */
  readonly at: number
  readonly messageId: string
}

export interface EventsPage {
  readonly range: TimeRange
  readonly after: After | undefined
  readonly limit: number
}

/** Events that are hoped to hold a page, a multiple of it: filters may leave few. */
const CANDIDATES = 100

/**
 * A page of events, newest first. Three steps in one statement, because the table is not
 * in the order of time and an event is wide: how far back `limit` matching events surely
 * reach (`since`), which those are, from narrow columns, and what stands in them.
 */
export const eventsSql = (
  request: EventsRequest,
  page: EventsPage,
  context: QueryContext
): Sql => {
  const { limit } = page
  const oldest = sql`(SELECT ${instant(page.range.from)})`
  // A person has few events, and their timeline is found without a guess.
  const since =
    request.person === undefined
      ? sql`(${reach(request, page, context)}) AS since`
      : sql`${oldest} AS since`
  const chosen = sql`SELECT (event, toDate(timestamp), timestamp, message_id) AS place, id_hash
    FROM (${matching(request, page, context, sql`timestamp >= since`)})
    ORDER BY timestamp DESC, message_id DESC LIMIT ${integer(limit)}`
  const linked = context.hasLinks
    ? sql`SELECT groupArray((link_id, link_person))
        FROM (${links(context, sql`SELECT arrayJoin(page.2)`)})`
    : sql`SELECT CAST([], 'Array(Tuple(UInt64, UInt64))')`
  return sql`WITH ${since}, (SELECT groupArray((place, id_hash)) FROM (${chosen})) AS page,
      (${linked}) AS linked, arrayPushBack(linked.1, 0) AS ids,
      arrayPushBack(linked.2, 0) AS people
    SELECT ${answered} FROM (
      SELECT ${answerColumns}, transform(id_hash, ids, people, id_hash) AS person
      FROM events WHERE project_id = ${uint32(context.projectId)}
        AND known_at <= ${instant(context.watermark)}
        AND (event, toDate(timestamp), timestamp, message_id) IN (SELECT arrayJoin(page.1)))
    ORDER BY at DESC, message_id DESC`
}

/** The guess if enough matching events are as late as it, else the start of the range. */
const reach = (
  request: EventsRequest,
  page: EventsPage,
  context: QueryContext
): Sql => {
  const late = matching(request, page, context, sql`timestamp >= guess`)
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

/** `event`, `timestamp`, `message_id` and `id_hash` of what is asked for, as far as it is late enough. */
const matching = (
  request: EventsRequest,
  { after, range }: EventsPage,
  context: QueryContext,
  isLate: Sql
): Sql => {
  const values = new Values()
  const filters = request.filters ?? []
  const asked: SourceRequest = {
    events: request.event === undefined ? undefined : [request.event],
    from: range.from,
    to: after === undefined ? range.to : Math.min(range.to, after.at + 1),
    includeBots: request.includeBots ?? false,
    columns: ["timestamp", "message_id", "event", "id_hash"],
    person: false,
    values,
    within: [isLate, ...ofPerson(request, context), ...before(after)],
    where: filters.length === 0 ? [] : [filtersSql(filters, values)]
  }
  return source(context, asked)
}

const before = (after: After | undefined): ReadonlyArray<Sql> =>
  after === undefined
    ? []
    : [
        sql`(timestamp, message_id) < (${instant(after.at)}, ${string(after.messageId)})`
      ]

/** The first condition decides; the second says where such events lie in the table. */
const ofPerson = (
  { person }: EventsRequest,
  context: QueryContext
): ReadonlyArray<Sql> => {
  if (person === undefined) return []
  const isTheirs = sql`id_hash IN (${idsOf(context, uint64(BigInt(person)))})`
  const project = sql`project_id = ${uint32(context.projectId)}`
  return [
    isTheirs,
    sql`(event, toDate(timestamp), id_hash) IN (
      SELECT event, toDate(timestamp), id_hash FROM events WHERE ${project} AND ${isTheirs})`
  ]
}
