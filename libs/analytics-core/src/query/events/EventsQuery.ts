import { Effect, Option } from "effect"
import { rangeOf, type TimeRange, zoneOf } from "../Common.ts"
import {
  type Compiled,
  type QueryContext,
  type QueryKind,
  type Row,
  statement
} from "../Compiled.ts"
import { readCursor, writeCursor } from "../Cursor.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { LATEST } from "../Sql.ts"
import { eventAnswer } from "./EventAnswer.ts"
import {
  DEFAULT_LIMIT,
  EventsRequest,
  EventsResult,
  eventsExample
} from "./EventsRequest.ts"
import { eventsSql } from "./eventsSql.ts"
import type { After } from "./matching.ts"

/** The events themselves, newest first, page by page. */
export const eventsQuery: QueryKind<EventsRequest, EventsResult> = {
  kind: "events",
  request: EventsRequest,
  result: EventsResult,
  example: eventsExample,
  compile: Effect.fnUntraced(function* (request, context) {
    const range = yield* openRange(request, context)
    const after = yield* afterOf(request.cursor)
    const limit = request.limit ?? DEFAULT_LIMIT
    // One more than the page tells whether there is another.
    const page = { range, after, limit: limit + 1 }
    const compiled: Compiled<EventsResult> = {
      statements: [statement("events", eventsSql(request, page, context))],
      decode: ([rows = []]) => resultOf(rows, limit, context)
    }
    return compiled
  })
}

/** An end that is not given is open. Nothing happened before 1970. */
const openRange = (
  request: EventsRequest,
  context: QueryContext
): Effect.Effect<TimeRange, QueryInvalid> =>
  Effect.flatMap(zoneOf(request, context), (zone) =>
    rangeOf(
      request.range === undefined
        ? { ...request, from: request.from ?? new Date(0).toISOString() }
        : request,
      zone,
      context,
      () => LATEST
    )
  )

const afterOf = (
  cursor: string | undefined
): Effect.Effect<After | undefined, QueryInvalid> => {
  if (cursor === undefined) return Effect.succeed(undefined)
  const [at, messageId] = Option.getOrUndefined(readCursor(cursor))?.after ?? []
  return typeof at === "number" && Number.isInteger(at) && typeof messageId === "string"
    ? Effect.succeed({ at, messageId })
    : Effect.fail(QueryInvalid.at("/cursor", "Expected nextCursor of an answer"))
}

const resultOf = (
  rows: ReadonlyArray<Row>,
  limit: number,
  { now, watermark }: QueryContext
): EventsResult => {
  const events = rows.slice(0, limit).map(eventAnswer)
  const last = events.at(-1)
  return {
    events,
    nextCursor:
      rows.length > limit && last
        ? writeCursor({
            ...{ asOf: watermark, now },
            after: [Date.parse(last.timestamp), last.messageId]
          })
        : null
  }
}
