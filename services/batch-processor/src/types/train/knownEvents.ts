import { isActivity } from "@analytics/analytics-core/query/activity"
import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { also, keptEvents } from "@analytics/analytics-core/query/removed"
import {
  instant,
  integer,
  join,
  render,
  type Sql,
  sql,
  string,
  uint32
} from "@analytics/analytics-core/query/Sql"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { KnownEvent } from "@analytics/ml-models/features/defaultFeatures"
import { Effect } from "effect"
import { away } from "../export/away.ts"
import type { Span } from "./cutPlan.ts"

/** Events of which properties are looked at, and how many of each. */
const MOST_EVENTS = 30
const LOOKED_AT = 20_000
/** Properties of an event that hold numbers. */
const MOST_NUMBERS = 3

/** Activity of people, as of the context. */
const activity = (context: QueryContext): Sql =>
  sql`events WHERE project_id = ${uint32(context.projectId)} AND ${isActivity(sql`type`)}
    AND is_bot = 0 AND known_at <= ${instant(context.watermark)}${also(keptEvents(context))}`

/** From the first to the last activity; undefined without any. */
export const spanOf = Effect.fn("Train.span")(function* (context: QueryContext) {
  const [row] = yield* ask<{ first: string; last: string; events: string }>(
    sql`SELECT toUnixTimestamp64Milli(min(timestamp)) AS first,
      toUnixTimestamp64Milli(max(timestamp)) AS last, count() AS events
      FROM ${activity(context)}`
  )
  if (row === undefined || Number(row.events) === 0) return undefined
  const span: Span = { first: Number(row.first), last: Number(row.last) }
  return span
})

/** The most frequent events, with the properties that hold numbers in a part of them. */
export const knownEvents = Effect.fn("Train.knownEvents")(function* (
  context: QueryContext
) {
  const events = yield* ask<{ event: string; events: string }>(
    sql`SELECT event, count() AS events FROM ${activity(context)}
      GROUP BY event ORDER BY events DESC, event LIMIT ${integer(MOST_EVENTS)}`
  )
  if (events.length === 0) return []
  // One by one: the newest of all together would sort everything with its properties.
  const newest = join(
    events.map(
      ({ event }) =>
        sql`SELECT event, props FROM (SELECT event, props FROM ${activity(context)}
          AND event = ${string(event)}
          ORDER BY timestamp DESC LIMIT ${integer(LOOKED_AT)})`
    ),
    " UNION ALL "
  )
  const numbers = yield* ask<{ event: string; paths: ReadonlyArray<string> }>(
    sql`SELECT event, groupArray(path) AS paths FROM (
      SELECT event, leaf.1 AS path, count() AS n FROM (
        SELECT event, arrayJoin(CAST(props, 'Array(Tuple(String, String))')) AS leaf
        FROM (${newest}))
      WHERE toFloat64OrNull(leaf.2) IS NOT NULL
      GROUP BY event, path ORDER BY event, n DESC, path
      LIMIT ${integer(MOST_NUMBERS)} BY event) GROUP BY event`
  )
  const pathsOf = new Map(numbers.map(({ event, paths }) => [event, paths]))
  return events.map(
    ({ event, events: count }): KnownEvent => ({
      name: event,
      count: Number(count),
      numbers: pathsOf.get(event) ?? []
    })
  )
})

const ask = Effect.fnUntraced(function* <Row>(fragment: Sql) {
  const clickhouse = yield* ClickHouse
  const { params, sql: text } = render(fragment)
  return yield* Effect.mapError(clickhouse.query<Row>(text, { params }), away)
})
