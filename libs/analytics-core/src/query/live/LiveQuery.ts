import { type QueryContext, type Row, type Statement, statement } from "../Compiled.ts"
import {
  answerColumns,
  answered,
  type EventAnswer,
  eventAnswer
} from "../events/EventAnswer.ts"
import { filtersSql } from "../filterSql.ts"
import { identify } from "../People.ts"
import { also, keptEvents } from "../removed.ts"
import { source } from "../Source.ts"
import {
  EARLIEST,
  instant,
  integer,
  LATEST,
  type Sql,
  sql,
  uint32,
  uint64
} from "../Sql.ts"
import { Values } from "../Values.ts"
import type { LiveRequest } from "./LiveRequest.ts"

/** One look for what arrived. Instants in epoch milliseconds. */
export interface Look {
  readonly context: QueryContext
  /** What was known by then has been shown. */
  readonly after: number
  /** Events that are shown at most. */
  readonly limit: number
  /** Since when events count as lately known, and as having lately happened. */
  readonly lately: { readonly known: number; readonly happened: number }
}

export interface Arrived {
  /** In the order in which they happened; the newest, if more arrived than asked. */
  readonly events: ReadonlyArray<EventAnswer>
  readonly arrived: number
  readonly eventsLastMinute: number
  readonly peopleLastFiveMinutes: number
}

export interface LiveQuery {
  readonly events: Statement
  readonly recent: Statement
  readonly decode: (events: ReadonlyArray<Row>, recent: ReadonlyArray<Row>) => Arrived
}

export const liveQuery = (request: LiveRequest, look: Look): LiveQuery => ({
  events: statement("live.events", eventsSql(request, look)),
  recent: statement("live.recent", recentSql(request, look)),
  decode: (rows, [recent]) => ({
    events: rows.map(eventAnswer).toReversed(),
    arrived: Number(rows[0]?.["arrived"] ?? 0),
    eventsLastMinute: Number(recent?.["events"] ?? 0),
    peopleLastFiveMinutes: Number(recent?.["people"] ?? 0)
  })
})

const eventsSql = (request: LiveRequest, { after, context, limit }: Look): Sql => {
  const news = matching(request, context, [knownAfter(after)])
  const chosen = sql`SELECT timestamp, message_id FROM (${news})
    ORDER BY timestamp DESC, message_id DESC LIMIT ${integer(limit)}`
  const wide = sql`SELECT ${answerColumns} FROM events
    WHERE project_id = ${uint32(context.projectId)}
      AND known_at <= ${instant(context.watermark)} AND ${knownAfter(after)}${also(keptEvents(context))}
      AND (timestamp, message_id) IN (${chosen})`
  return sql`WITH (SELECT count() FROM (${news})) AS arrived
    SELECT ${answered}, arrived FROM (${identify(context, wide)})
    ORDER BY at DESC, message_id DESC`
}

/** How far the clocks of clients may be ahead for what they send to be recent. */
const AHEAD = 60_000

/** Events known in the last minute, and people of events of the last five. */
const recentSql = (request: LiveRequest, { context, lately }: Look): Sql => {
  const known = matching(request, context, [knownAfter(lately.known)])
  const happened = matching(
    request,
    context,
    [
      sql`timestamp >= ${instant(lately.happened)}`,
      sql`timestamp < ${instant(context.now + AHEAD)}`
    ],
    true
  )
  return sql`SELECT (SELECT count() FROM (${known})) AS events,
    (SELECT uniqExact(person) FROM (${happened})) AS people`
}

/** Batch ids begin with the moment they were made, some time before what they hold is known. */
const BATCH_AGE = 600_000
const RANDOM_BITS = 22n

/** The second condition is about where such events lie: batches come in order of time. */
const knownAfter = (after: number): Sql =>
  sql`(known_at > ${instant(after)} AND batch_id >= ${uint64(
    BigInt(Math.max(0, after - BATCH_AGE)) << RANDOM_BITS
  )})`

const matching = (
  request: LiveRequest,
  context: QueryContext,
  within: ReadonlyArray<Sql>,
  person = false
): Sql => {
  const values = new Values()
  return source(context, {
    events: request.event === undefined ? undefined : [request.event],
    from: EARLIEST,
    to: LATEST,
    includeBots: request.includeBots ?? false,
    columns: ["timestamp", "message_id"],
    person,
    values,
    within,
    where: [filtersSql(request.filters ?? [], values)]
  })
}
