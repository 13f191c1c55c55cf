import type { TimeRange } from "./Common.ts"
import type { QueryContext } from "./Compiled.ts"
import type { EventMatch } from "./eventMatch.ts"
import { filtersSql } from "./filterSql.ts"
import { source } from "./Source.ts"
import {
  and,
  column,
  instant,
  int64,
  integer,
  join,
  type Sql,
  sql,
  string
} from "./Sql.ts"
import type { Value, Values } from "./Values.ts"

/** A silence longer than this ends a session, unless the query says otherwise. */
export const SESSION_TIMEOUT = 1_800_000
const DAY = 86_400_000

export interface SessionsRequest {
  /** Sessions that start in it. */
  readonly range: TimeRange
  readonly timeoutMs: number
  readonly includeBots: boolean
  /** Sessions with at least one such event; activity of all kinds makes them. */
  readonly match: EventMatch
  /** What `match` and `carried` read. */
  readonly values: Values
  /** Properties that each event of a session keeps. */
  readonly carried: ReadonlyArray<Value>
}

/**
 * A SELECT of one row a session: `person`, `started` (epoch milliseconds), and `session`,
 * its visits in order. A visit is what is kept of an event; the functions read it.
 */
export interface Sessions {
  readonly sql: Sql
  /** Epoch milliseconds. */
  readonly at: (visit: Sql) => Sql
  /** The text of a carried property, `''` when missing. */
  readonly value: (visit: Sql, index: number) => Sql
  /** The first visit of `session` that matches. */
  readonly firstMatch: Sql
}

/**
 * All activity of a person makes the sessions, from a day before the range; filters apply
 * afterwards. Equal times are ordered by message id, where the order can be seen.
 */
export const sessionsSql = (
  context: QueryContext,
  request: SessionsRequest
): Sessions => {
  const layout = request.carried.length === 0 ? bare(request) : detailed(request)
  const { event } = request.match
  const events = source(context, {
    events: undefined,
    from: request.range.from - DAY,
    to: request.range.to + DAY,
    includeBots: request.includeBots,
    columns: [
      "timestamp",
      ...layout.columns,
      ...(event === undefined ? [] : (["event"] as const))
    ],
    person: true,
    where: [],
    values: request.values
  })
  const { at, isMatch, times } = layout
  const stretches = sql`SELECT person, arrayJoin(arraySplit((visit, gap) -> gap > ${int64(request.timeoutMs)}, visits, arrayDifference(${times(sql`visits`)}))) AS stretch FROM (${layout.visits(events)})`
  const sessions = dayCut(stretches, layout)
  const matching = isMatch
    ? sql` AND arrayExists(visit -> ${isMatch(sql`visit`)}, session)`
    : sql``
  return {
    sql: sql`SELECT person, session, ${at(sql`session[1]`)} AS started FROM (${sessions}) WHERE started >= toUnixTimestamp64Milli(${instant(request.range.from)}) AND started < toUnixTimestamp64Milli(${instant(request.range.to)})${matching}`,
    at,
    value: layout.value,
    firstMatch: isMatch
      ? sql`arrayFirst(visit -> ${isMatch(sql`visit`)}, session)`
      : sql`session[1]`
  }
}

/** How a visit is kept: the less it holds, the faster it is gathered and sorted. */
interface Layout {
  readonly columns: ReadonlyArray<"message_id">
  /** `person` and their `visits` in order. */
  readonly visits: (events: Sql) => Sql
  readonly at: (visit: Sql) => Sql
  /** The times of an array of visits. */
  readonly times: (visits: Sql) => Sql
  /** Absent when every event matches. */
  readonly isMatch: ((visit: Sql) => Sql) | undefined
  readonly value: (visit: Sql, index: number) => Sql
}

const matchOf = ({ match, values }: SessionsRequest): Sql | undefined => {
  const { event, filters = [] } = match
  const conditions = [
    ...(event === undefined ? [] : [sql`event = ${string(event)}`]),
    ...(filters.length === 0 ? [] : [filtersSql(filters, values)])
  ]
  return conditions.length === 0 ? undefined : and(conditions)
}

const milliseconds = sql`toUnixTimestamp64Milli(timestamp)`

/** One number: the time, and in its lowest bit whether the event matches. */
const bare = (request: SessionsRequest): Layout => {
  const match = matchOf(request)
  const at = (visit: Sql) => (match ? sql`bitShiftRight(${visit}, 1)` : visit)
  const visit = match
    ? sql`bitShiftLeft(${milliseconds}, 1) + toUInt8(${match})`
    : milliseconds
  return {
    columns: [],
    visits: (events) =>
      sql`SELECT person, arraySort(groupArray(${visit})) AS visits FROM (${events}) GROUP BY person`,
    at,
    times: (visits) =>
      match ? sql`arrayMap(visit -> ${at(sql`visit`)}, ${visits})` : visits,
    isMatch: match && ((one) => sql`bitTest(${one}, 0)`),
    value: () => sql`''`
  }
}

/**
 * A tuple of the time, whether the event matches, and the carried values. Columns are
 * gathered one by one, which is faster than tuples. The message id only sorts: it goes in
 * one text with the first value, because each text that is gathered costs. No message id
 * has a NUL, so that texts that begin with `id NUL` are in the order of the ids.
 */
const detailed = (request: SessionsRequest): Layout => {
  const match = matchOf(request)
  const texts = request.carried.map((value, index) => ({
    gathered:
      index === 0
        ? sql`concat(message_id, '\\0', toString(${value.column}))`
        : sql`toString(${value.column})`,
    name: column("value", index)
  }))
  const kept = [
    { gathered: milliseconds, name: sql`times` },
    ...(match ? [{ gathered: sql`toUInt8(${match})`, name: sql`matches` }] : []),
    ...texts
  ]
  const gathered = kept.map((one) => sql`groupArray(${one.gathered}) AS ${one.name}`)
  const zipped = join(
    kept.map((one) => one.name),
    ", "
  )
  const firstValue = match ? 3 : 2
  const sorted = join(
    kept.map((_, index) => {
      const all = sql`tupleElement(sorted, ${integer(index + 1)})`
      return index + 1 === firstValue
        ? sql`arrayMap(text -> substring(text, position(text, '\\0') + 1), ${all})`
        : all
    }),
    ", "
  )
  return {
    columns: ["message_id"],
    visits: (events) =>
      sql`SELECT person, arrayZip(${sorted}) AS visits FROM (SELECT person, arraySort((visit, at, text) -> (at, text), arrayZip(${zipped}), times, ${column("value", 0)}) AS sorted FROM (SELECT person, ${join(gathered, ", ")} FROM (${events}) GROUP BY person))`,
    at: (visit) => sql`tupleElement(${visit}, 1)`,
    times: (visits) => sql`tupleElement(${visits}, 1)`,
    isMatch: match && ((visit) => sql`tupleElement(${visit}, 2)`),
    value: (visit, index) => sql`tupleElement(${visit}, ${integer(firstValue + index)})`
  }
}

/**
 * Cuts stretches without a gap where more than 24 hours have passed since the session's
 * first event. Few last so long; each of their days takes one pass over the times.
 */
const dayCut = (stretches: Sql, { at, times }: Layout): Sql => {
  const day = int64(DAY)
  const lasting = sql`${at(sql`stretch[-1]`)} - ${at(sql`stretch[1]`)}`
  const limits = sql`arrayWithConstant(length(long), state.1)`
  const next = sql`arrayFirst((at, limit) -> at > limit, long, ${limits})`
  const cuts = sql`arrayMap((cut, at, gap, limit) -> toUInt8(cut OR (at > limit AND at - gap <= limit)), state.2, long, arrayDifference(long), ${limits})`
  const fold = sql`arrayFold((state, day) -> (if(${next} = 0, state.1, ${next} + ${day}), ${cuts}), range(toUInt32(intDiv(lasting, ${day}))), (${at(sql`stretch[1]`)} + ${day}, arrayMap(at -> toUInt8(0), long))).2`
  return sql`SELECT person, arrayJoin(if(lasting > ${day}, arraySplit((visit, cut) -> cut, stretch, arrayResize(${fold}, length(stretch))), [stretch])) AS session FROM (SELECT person, stretch, ${lasting} AS lasting, if(lasting > ${day}, ${times(sql`stretch`)}, []) AS long FROM (${stretches}))`
}
