import * as Problem from "@analytics/api-common/Problem"
import { Schema } from "effect"
import type { Refused, Taken } from "./Receiver.ts"

/** What was taken in and what was not, event by event. */
export const Answer = Schema.Struct({
  success: Schema.Literal(true),
  accepted: Schema.Int,
  rejected: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      messageId: Schema.NullOr(Schema.String),
      reason: Schema.String
    })
  ),
  warnings: Schema.optionalKey(
    Schema.Array(Schema.Struct({ messageId: Schema.String, reason: Schema.String }))
  ).annotate({
    description:
      "What does not fit the project's schema of events, if its settings say `warn`; at most 20."
  })
}).annotate({ examples: [{ success: true, accepted: 1, rejected: [] }] })

/** Warnings of one answer: they are for people, who fix one kind at a time. */
const MOST_WARNINGS = 20

/** The body of an answer: what was taken and what was not. */
export const takenResponse = (
  { accepted, rejected, warnings }: Taken,
  headers: Record<string, string>
): Response =>
  new Response(
    rejected.length === 0 && warnings.length === 0
      ? `{"success":true,"accepted":${accepted},"rejected":[]}`
      : JSON.stringify({
          success: true,
          accepted,
          rejected,
          ...(warnings.length > 0 && { warnings: warnings.slice(0, MOST_WARNINGS) })
        }),
    { headers: { ...headers, "content-type": "application/json" } }
  )

export const refusedResponse = (
  { problem, retryAfter }: Refused,
  path: string,
  headers: Record<string, string>
): Response =>
  new Response(JSON.stringify(Problem.fromError(problem, path)), {
    status: problem.status,
    headers: {
      ...headers,
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      "content-type": Problem.contentType
    }
  })

/** The seconds in `Prefer: wait=10`, at most a minute; `undefined` without it. */
export const waitOf = (prefer: string | null): number | undefined => {
  const [, seconds] = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(prefer ?? "") ?? []
  return seconds === undefined ? undefined : Math.min(Number(seconds), 60)
}
