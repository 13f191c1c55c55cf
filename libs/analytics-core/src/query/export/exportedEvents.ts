import type { QueryContext } from "../Compiled.ts"
import { place } from "../events/matching.ts"
import type { Filter } from "../Filter.ts"
import { filtersSql } from "../filterSql.ts"
import { keptEvents } from "../removed.ts"
import { type SourceRequest, source } from "../Source.ts"
import { and, instant, type Sql, sql, string, uint32, uint64 } from "../Sql.ts"
import { Values } from "../Values.ts"
import { jsonObject } from "./jsonObject.ts"

/** Which events leave: every type of them, and those of bots. */
export interface ExportedEvents {
  /** A stored name; all without it. */
  readonly event?: string | undefined
  readonly filters?: ReadonlyArray<Filter> | undefined
}

/** A part of them that never changes: what happened in `[from, to)`, epoch milliseconds. */
export interface EventsPart {
  readonly from: number
  readonly to: number
  /** Of the 64-bit id hashes these, both inclusive; all without it. */
  readonly hashes?: { readonly first: bigint; readonly last: bigint }
}

/** `day` (days since 1970) and `events` (how many), in order: from which parts are cut. */
export const eventsByDay = (
  request: ExportedEvents,
  part: EventsPart,
  context: QueryContext
): Sql =>
  sql`SELECT intDiv(toUnixTimestamp64Milli(timestamp), 86400000) AS day, count() AS events
    FROM events WHERE ${chosen(request, part, context)} GROUP BY day ORDER BY day`

/** `events`: how many a part has. */
export const eventsCount = (
  request: ExportedEvents,
  part: EventsPart,
  context: QueryContext
): Sql =>
  sql`SELECT count() AS events FROM events WHERE ${chosen(request, part, context)}`

/** What an event carries away, by the names under which it can come back. */
export const exportedColumns = [
  "messageId",
  "type",
  "event",
  "userId",
  "anonymousId",
  "previousId",
  "groupType",
  "groupId",
  "timestamp",
  "receivedAt",
  "properties",
  "traits",
  "context",
  "isBot",
  "country",
  "browser",
  "os",
  "device"
] as const

/** What they hold besides text. Objects are JSON text where a format has no objects. */
export const exportedTypes: Readonly<Record<string, "timestamp" | "json" | "boolean">> =
  {
    timestamp: "timestamp",
    receivedAt: "timestamp",
    properties: "json",
    traits: "json",
    context: "json",
    isBot: "boolean"
  }

/**
 * One row an event, in `exportedColumns`. What is absent is null; objects are JSON text.
 * Times are instants.
 */
export const eventsTable = (
  request: ExportedEvents,
  part: EventsPart,
  context: QueryContext
): Sql => sql`SELECT message_id AS messageId, toString(type) AS type,
  toString(event) AS event, ${userId} AS userId, nullIf(anonymous_id, '') AS anonymousId,
  nullIf(previous_id, '') AS previousId, nullIf(toString(group_type), '') AS groupType,
  nullIf(group_id, '') AS groupId, timestamp, received_at AS receivedAt,
  if(${hasTraits} OR empty(props), NULL, ${jsonObject("props")}) AS properties,
  if(${hasTraits}, ${jsonObject("props")}, NULL) AS traits,
  if(empty(context), NULL, ${jsonObject("context")}) AS context,
  is_bot = 1 AS isBot, nullIf(toString(country), '') AS country,
  nullIf(toString(browser), '') AS browser, nullIf(toString(os), '') AS os,
  nullIf(toString(device), '') AS device
  FROM events WHERE ${chosen(request, part, context)}`

/** The same for text: times as ISO 8601; formulas of spreadsheets made harmless on demand. */
export const eventsText = (
  request: ExportedEvents,
  part: EventsPart,
  context: QueryContext,
  guard: boolean
): Sql => {
  const text = (column: Sql): Sql =>
    guard
      ? sql`if(match(${column}, '^[=+\\\\-@\\\\t\\\\r]'), concat('''', ${column}), ${column})`
      : column
  return sql`SELECT ${text(sql`messageId`)}, type, ${text(sql`event`)},
    ${text(sql`userId`)}, ${text(sql`anonymousId`)}, ${text(sql`previousId`)},
    ${text(sql`groupType`)}, ${text(sql`groupId`)}, ${iso(sql`timestamp`)},
    ${iso(sql`receivedAt`)}, properties, traits, context, isBot, country, browser, os,
    device FROM (${eventsTable(request, part, context)})`
}

/** One column, an event as one JSON object a row, as it can be sent. */
export const eventsJson = (
  request: ExportedEvents,
  part: EventsPart,
  context: QueryContext
): Sql => {
  const member = (name: Sql, json: Sql): Sql =>
    sql`if(${name} IS NULL, '', concat(',"${name}":', ${json}))`
  const text = (name: Sql): Sql =>
    member(name, sql`toJSONString(assumeNotNull(${name}))`)
  const object = (name: Sql): Sql => member(name, sql`assumeNotNull(${name})`)
  return sql`SELECT concat('{"messageId":', toJSONString(messageId),
      ',"type":', toJSONString(type), ',"event":', toJSONString(event),
      ${text(sql`userId`)}, ${text(sql`anonymousId`)}, ${text(sql`previousId`)},
      ${text(sql`groupType`)}, ${text(sql`groupId`)},
      ',"timestamp":"', ${iso(sql`timestamp`)}, '","receivedAt":"', ${iso(sql`receivedAt`)},
      '"', ${object(sql`properties`)}, ${object(sql`traits`)}, ${object(sql`context`)},
      ',"isBot":', if(isBot, 'true', 'false'), ${text(sql`country`)},
      ${text(sql`browser`)}, ${text(sql`os`)}, ${text(sql`device`)}, '}')
    FROM (${eventsTable(request, part, context)})`
}

const iso = (column: Sql): Sql =>
  sql`concat(replaceOne(toString(${column}), ' ', 'T'), 'Z')`

/** Empty, not absent, where neither id is kept: every event is somebody's. */
const userId: Sql = sql`if(user_id = '' AND anonymous_id != '', NULL, user_id)`

const hasTraits: Sql = sql`type IN ('identify', 'group')`

const chosen = (
  { event, filters = [] }: ExportedEvents,
  { from, hashes, to }: EventsPart,
  context: QueryContext
): Sql => {
  const ids =
    hashes === undefined
      ? []
      : [
          sql`id_hash >= ${uint64(hashes.first)}`,
          sql`id_hash <= ${uint64(hashes.last)}`
        ]
  const values = new Values()
  const asked: SourceRequest = {
    events: event === undefined ? undefined : [event],
    besides: event === undefined ? ["$identify", "$group", "$alias"] : [],
    from,
    to,
    includeBots: true,
    columns: ["timestamp", "message_id", "event", "id_hash"],
    person: false,
    values,
    within: ids,
    where: [filtersSql(filters, values)]
  }
  // What filters read is not what leaves, so that they only say where that lies.
  const fitting =
    filters.length === 0
      ? []
      : [sql`${place} IN (SELECT ${place} FROM (${source(context, asked)}))`]
  return and([
    sql`project_id = ${uint32(context.projectId)}`,
    ...(event === undefined ? [] : [sql`event = ${string(event)}`]),
    sql`timestamp >= ${instant(from)}`,
    sql`timestamp < ${instant(to)}`,
    sql`known_at <= ${instant(context.watermark)}`,
    ...ids,
    ...keptEvents(context),
    ...fitting
  ])
}
