import { isActivity } from "./activity.ts"
import type { Filter } from "./Filter.ts"
import { filtersSql } from "./filterSql.ts"
import type { SourceRequest } from "./Source.ts"
import { and, type Sql, sql, string } from "./Sql.ts"
import type { Values } from "./Values.ts"

/** An event as queries name one; without a name any track, page or screen. */
export interface EventMatch {
  readonly event?: string
  readonly filters?: ReadonlyArray<Filter>
}

/** Whether an event of the source is one of those; it needs the column `event`. */
export const matchSql = ({ event, filters }: EventMatch, values: Values): Sql =>
  and([
    event === undefined
      ? isActivity(values.of("$type").column)
      : sql`event = ${string(event)}`,
    ...(filters && filters.length > 0 ? [filtersSql(filters, values)] : [])
  ])

/** The events that a source has to read to see all of these. */
export const eventsOf = (
  matches: ReadonlyArray<EventMatch>
): Pick<SourceRequest, "events" | "besides"> => {
  const names = new Set(matches.map(({ event }) => event))
  const named = [...names].filter((name) => name !== undefined)
  return names.has(undefined)
    ? { events: undefined, besides: named }
    : { events: named }
}
