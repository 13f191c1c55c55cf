import * as Problem from "@analytics/api-common/Problem"
import type { Malformed } from "@analytics/inference-protocol/Malformed"
import { Predicate } from "effect"
import type { RegistryUnavailable } from "../registry/DesiredModels.ts"
import type { ServingError } from "../serving/Serving.ts"
import type {
  BodiesExhausted,
  BodyTooLarge,
  BodyTooSlow,
  EncodingUnsupported
} from "./ProtocolProblems.ts"

/** An error that other routes answer as problem details. */
type ProblemFailure = Problem.ApiError & { readonly status: number }

/** Everything that a request of the protocol can be told instead of an answer. */
export type ProtocolFailure =
  | ServingError
  | Malformed
  | BodiesExhausted
  | BodyTooLarge
  | BodyTooSlow
  | EncodingUnsupported
  | RegistryUnavailable
  | ProblemFailure

export interface FailureAnswer {
  readonly status: number
  readonly error: string
  /** Whole seconds. */
  readonly retryAfter?: number
}

/** Seconds after which what is missing now may be there. */
const SHORTLY = 1

/** What a defect looks like from outside. */
export const unexpected: FailureAnswer = { status: 500, error: "Internal Server Error" }

/** What a failure says, and the status that servers of this protocol give it. */
export const failureOf = (failure: ProtocolFailure): FailureAnswer => {
  if ("status" in failure) return ofProblem(failure)
  switch (failure._tag) {
    case "Malformed":
    case "InputInvalid":
      return { status: 400, error: failure.detail }
    case "ModelUnknown":
      return { status: 404, error: failure.detail }
    case "BodyTooSlow":
      return { status: 408, error: "The body did not arrive in time" }
    case "BodyTooLarge":
      return {
        status: 413,
        error: `The body is too large: at most ${failure.limit} bytes are read, unpacked`
      }
    case "EncodingUnsupported":
      return {
        status: 415,
        error: `Content-Encoding "${failure.encoding}" is not known; send gzip, deflate or neither`
      }
    case "TooBusy":
      return { status: 429, error: failure.detail, retryAfter: failure.retryAfter }
    case "ModelNotReady":
      return { status: 503, error: failure.detail, retryAfter: failure.retryAfter }
    case "BodiesExhausted":
      return {
        status: 503,
        error: "Too many large requests are being answered; try again",
        retryAfter: SHORTLY
      }
    case "RegistryUnavailable":
      return { status: 503, error: failure.detail, retryAfter: SHORTLY }
    case "InferenceFailed":
      return { status: inferenceStatus[failure.reason], error: failure.detail }
  }
}

/** What the runtime refuses is in the request; a crash is in the model. */
const inferenceStatus = { refused: 400, crash: 500, deadline: 504 } as const

/** What other routes answer as problem details, in one sentence. */
const ofProblem = (problem: ProblemFailure): FailureAnswer => {
  const { status, title, detail, retryAfter } = Problem.fromError(problem, "")
  if (status === undefined || status === 500) return unexpected
  const error = [title, detail].filter(Predicate.isString).join(": ")
  if (Predicate.isNumber(retryAfter)) return { status, error, retryAfter }
  return status === 503 || status === 429
    ? { status, error, retryAfter: SHORTLY }
    : { status, error }
}

/** Names come from the client, and may be as long as its request. */
const MOST_TEXT = 1000

/** The answer that the protocol gives to everything that fails. */
export const errorResponse = ({
  status,
  error,
  retryAfter
}: FailureAnswer): Response => {
  const told = error.length > MOST_TEXT ? `${error.slice(0, MOST_TEXT)}…` : error
  const headers = headersOf(status, retryAfter)
  return Response.json({ error: told }, { status, headers })
}

const headersOf = (
  status: number,
  retryAfter: number | undefined
): Record<string, string> => ({
  "content-type": "application/json",
  ...(status === 401 && { "www-authenticate": "Bearer" }),
  ...(retryAfter !== undefined && { "retry-after": String(Math.max(1, retryAfter)) })
})
