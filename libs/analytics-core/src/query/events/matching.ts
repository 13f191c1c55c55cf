import type { TimeRange } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { type SourceRequest, source } from "../Source.ts"
import { instant, integer, type Sql, sql, string } from "../Sql.ts"
import { Values } from "../Values.ts"
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

/** Where an event lies, in the order of the table, and which it is. */
export const place: Sql = sql`(event, toDate(timestamp), id_hash, timestamp, message_id)`

/** The `place`s of the newest of `events`, one array. */
export const newest = (events: Sql, limit: number): Sql =>
  sql`SELECT groupArray(place) FROM (SELECT ${place} AS place FROM (${events})
    ORDER BY timestamp DESC, message_id DESC LIMIT ${integer(limit)})`

/**
 * `event`, `timestamp`, `message_id` and `id_hash` of what is asked for and lies `within`,
 * conditions on columns of the table.
 */
export const matching = (
  request: EventsRequest,
  { after, range }: EventsPage,
  context: QueryContext,
  within: ReadonlyArray<Sql>
): Sql => {
  const values = new Values()
  const filters = request.filters ?? []
  const asked: SourceRequest = {
    events: request.event === undefined ? undefined : [request.event],
    from: range.from,
    to: endOf(range, after),
    includeBots: request.includeBots ?? false,
    columns: ["timestamp", "message_id", "event", "id_hash"],
    person: false,
    values,
    within: [...within, ...before(after)],
    where: filters.length === 0 ? [] : [filtersSql(filters, values)]
  }
  return source(context, asked)
}

/** Epoch milliseconds before which the page ends. */
export const endOf = (range: TimeRange, after: After | undefined): number =>
  after === undefined ? range.to : Math.min(range.to, after.at + 1)

export const before = (after: After | undefined): ReadonlyArray<Sql> =>
  after === undefined
    ? []
    : [
        sql`(timestamp, message_id) < (${instant(after.at)}, ${string(after.messageId)})`
      ]
