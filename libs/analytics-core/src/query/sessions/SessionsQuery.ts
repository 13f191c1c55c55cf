import { Effect, Option } from "effect"
import { type Compiled, type QueryKind, type Row, statement } from "../Compiled.ts"
import { readCursor } from "../Cursor.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { compileTrends } from "../trends/Trends.ts"
import { decodeEnds, decodePage, decodeSummary } from "./decodeSessions.ts"
import {
  DEFAULT_PAGE,
  SessionsRequest,
  SessionsResult,
  sessionsExample
} from "./Sessions.ts"
import { type After, endsSql, pageSql, summarySql } from "./sessionStatements.ts"
import { sessionsPeople } from "./sessionsPeople.ts"
import { planSessions } from "./sessionsPlan.ts"

/** How many sessions there are, how long they last, and where they begin and end. */
export const sessionsQuery: QueryKind<SessionsRequest, SessionsResult, QueryInvalid> = {
  kind: "sessions",
  request: SessionsRequest,
  result: SessionsResult,
  example: sessionsExample,
  compile: Effect.fn("sessionsQuery.compile")(function* (request, context) {
    const plan = yield* planSessions(request, context)
    const { buckets } = plan.series.main
    const isBrokenDown = plan.series.breakdown.length > 0
    const after = yield* afterOf(request)
    const ends = endsSql(plan, context)
    // Without groups the numbers of the buckets come with the summary.
    const groups = isBrokenDown ? compileTrends(plan.series, context) : undefined
    const limit = request.limit ?? DEFAULT_PAGE
    // One more than the page tells whether there is another.
    const page = request.list ? pageSql(plan, context, after, limit + 1) : undefined
    const compiled: Compiled<SessionsResult, QueryInvalid> = {
      statements: [
        statement(
          "sessions",
          summarySql(plan, context, isBrokenDown ? undefined : buckets)
        ),
        statement("sessions.ends", ends.sql),
        ...(page ? [statement("sessions.list", page.sql)] : []),
        ...(groups?.statements ?? [])
      ],
      decode: ([summary = [], ended = [], ...others]) => {
        const listed = page ? others.slice(0, 1) : []
        const series = groups?.decode(others.slice(listed.length))
        if (series instanceof QueryInvalid) return series
        return {
          ...decodeSummary(summary[0] ?? {}),
          ...decodeEnds(ended, ends.kind),
          buckets: buckets.starts.map((start) => new Date(start).toISOString()),
          labels: buckets.labels,
          series: series
            ? series.series.map(({ breakdown, data, other }) => ({
                breakdown,
                other,
                data
              }))
            : [{ breakdown: null, other: false, data: perBucket(summary[0]) }],
          ...(page ? decodePage(listed[0] ?? [], page.kind, limit, context) : {})
        }
      }
    }
    return compiled
  }),
  people: sessionsPeople
}

const perBucket = (row: Row | undefined): ReadonlyArray<number> => {
  const counts = row?.["per_bucket"]
  return Array.isArray(counts) ? counts.map(Number) : []
}

const afterOf = ({
  cursor
}: SessionsRequest): Effect.Effect<After | undefined, QueryInvalid> => {
  if (cursor === undefined) return Effect.succeed(undefined)
  const [started, person] = Option.match(readCursor(cursor), {
    onNone: () => [],
    onSome: ({ after }) => after
  })
  return Number.isSafeInteger(started) &&
    typeof started === "number" &&
    typeof person === "string" &&
    /^\d{1,20}$/u.test(person) &&
    BigInt(person) < 2n ** 64n
    ? Effect.succeed([started, BigInt(person)])
    : Effect.fail(QueryInvalid.at("/cursor", "Expected nextCursor of such an answer"))
}
