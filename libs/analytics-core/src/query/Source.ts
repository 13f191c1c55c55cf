import { isActivity } from "./activity.ts"
import type { QueryContext } from "./Compiled.ts"
import { identify } from "./People.ts"
import { keptEvents } from "./removed.ts"
import { and, instant, join, type Sql, sql, string, strings, uint32 } from "./Sql.ts"
import { joinTraits } from "./TraitSource.ts"
import type { Values } from "./Values.ts"

/** Columns of an event that a query may ask for besides its properties and person. */
export type EventColumn =
  | "timestamp"
  | "message_id"
  | "event"
  | "id_hash"
  | "user_id"
  | "anonymous_id"

export interface SourceRequest {
  /** Any of these names; none given means any track, page or screen. */
  readonly events: ReadonlyArray<string> | undefined
  /** Names to read besides any track, page or screen. */
  readonly besides?: ReadonlyArray<string>
  /** `[from, to)` in epoch milliseconds. */
  readonly from: number
  readonly to: number
  readonly includeBots: boolean
  readonly columns: ReadonlyArray<EventColumn>
  /** Whether the column `person` is needed: it costs a join once there are links. */
  readonly person: boolean
  /** The properties that `where` and the caller read; each is a column. */
  readonly values: Values
  /** Conditions on those columns. */
  readonly where: ReadonlyArray<Sql>
  /** Conditions on the columns of the table itself, which narrow what is read. */
  readonly within?: ReadonlyArray<Sql>
}

/** A SELECT of the events a query is about: `columns`, `person`, and the columns of `values`. */
export const source = (context: QueryContext, request: SourceRequest): Sql => {
  const { values } = request
  const needsPerson =
    request.person || values.hasTraits || context.onlyPeople !== undefined
  context.onRead?.({
    ...(request.events?.length ? { events: request.events } : {}),
    from: request.from,
    to: request.to,
    person: needsPerson
  })
  // A group is the one the event names, before it is one the person joined.
  const groupId =
    values.groupTraits.length > 0 ? sql`, context['groupId'] AS event_group` : sql``
  const columns = join(
    [
      ...request.columns.map((name) => columnNames[name]),
      ...(needsPerson && !request.columns.includes("id_hash") ? [sql`id_hash`] : []),
      sql`1 AS one`
    ],
    ", "
  )
  const own = [
    sql`project_id = ${uint32(context.projectId)}`,
    eventsSql(request.events, request.besides ?? []),
    sql`timestamp >= ${instant(request.from)}`,
    sql`timestamp < ${instant(Math.min(request.to, context.before ?? request.to))}`,
    sql`known_at <= ${instant(context.watermark)}`,
    ...(request.includeBots ? [] : [sql`is_bot = 0`]),
    ...keptEvents(context),
    ...(request.within ?? [])
  ]
  if (!values.hasTraits) {
    const events = sql`SELECT ${columns}${values.eventColumns} FROM events WHERE ${and([...own, ...request.where])}`
    return needsPerson ? identified(context, events) : events
  }
  const events = sql`SELECT ${columns}${groupId}${values.eventColumns} FROM events WHERE ${and(own)}`
  const withTraits = joinTraits(context, identified(context, events), values)
  return sql`SELECT * FROM (${withTraits}) WHERE ${and(request.where)}`
}

/** Events with their `person`, of the people that exist in this context. */
const identified = (context: QueryContext, events: Sql): Sql =>
  context.onlyPeople === undefined
    ? identify(context, events)
    : sql`SELECT * FROM (${identify(context, events)}) WHERE ${context.onlyPeople}`

const columnNames: Record<EventColumn, Sql> = {
  timestamp: sql`timestamp`,
  message_id: sql`message_id`,
  event: sql`event`,
  id_hash: sql`id_hash`,
  user_id: sql`user_id`,
  anonymous_id: sql`anonymous_id`
}

const eventsSql = (
  events: ReadonlyArray<string> | undefined,
  besides: ReadonlyArray<string>
): Sql => {
  const [first] = events ?? []
  if (events === undefined || first === undefined)
    return besides.length === 0
      ? isActivity(sql`type`)
      : sql`(${isActivity(sql`type`)} OR event IN ${strings(besides)})`
  return events.length === 1
    ? sql`event = ${string(first)}`
    : sql`event IN ${strings(events)}`
}
