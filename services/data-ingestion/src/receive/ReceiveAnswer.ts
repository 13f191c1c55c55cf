import * as Problem from "@analytics/api-common/Problem"
import type {
  ProtocolAnswer,
  ProtocolRoute
} from "@analytics/data-processing/protocols/Protocol"
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

/** The answer of a protocol, with the headers that every answer has. */
export const takenResponse = (
  { answer }: Pick<Taken, "answer">,
  headers: Record<string, string>
): Response => responseOf(answer, headers)

/** Why nothing was taken, as the protocol says it or else as problem details. */
export const refusedResponse = (
  refused: Refused,
  { refuse }: Pick<ProtocolRoute, "refuse">,
  query: URLSearchParams,
  path: string,
  headers: Record<string, string>
): Response => {
  const { kind, problem, rejected, retryAfter } = refused
  const all =
    retryAfter === undefined
      ? headers
      : { ...headers, "retry-after": String(retryAfter) }
  if (refuse === undefined)
    return new Response(JSON.stringify(Problem.fromError(problem, path)), {
      status: problem.status,
      headers: { ...all, "content-type": Problem.contentType }
    })
  const { status } = problem
  const detail = problem.detail ?? problem.title
  return responseOf(refuse({ kind, status, detail, retryAfter, rejected }, query), all)
}

const responseOf = (
  { body, headers: own, status }: ProtocolAnswer,
  headers: Record<string, string>
): Response =>
  new Response(body, {
    status,
    headers: { ...headers, "content-type": "application/json", ...own }
  })

/** The seconds in `Prefer: wait=10`, at most a minute; `undefined` without it. */
export const waitOf = (prefer: string | null): number | undefined => {
  const [, seconds] = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(prefer ?? "") ?? []
  return seconds === undefined ? undefined : Math.min(Number(seconds), 60)
}
