import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { JobFailed, JobUnavailable } from "../jobs/JobType.ts"

/** Another service may read a whole project for one answer. */
const LONGEST_REQUEST = "10 minutes"

/** Of an answer that says no, what a person reads. */
const MOST_TEXT = 500

/**
 * Asks another service of this installation. What is away is tried again by the step; what
 * is refused ends the job.
 */
export const askService = Effect.fn("askService")(function* <A, I>(
  method: "GET" | "POST",
  url: string,
  answer: Schema.Codec<A, I>,
  body?: unknown
): Effect.fn.Return<
  A,
  JobFailed | JobUnavailable,
  ServicesConfig | HttpClient.HttpClient
> {
  const { serviceKey } = yield* ServicesConfig
  const http = yield* HttpClient.HttpClient
  const what = new URL(url).pathname
  const { status, text } = yield* HttpClientRequest.make(method)(url).pipe(
    HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
    (request) =>
      body === undefined
        ? request
        : HttpClientRequest.bodyText(request, JSON.stringify(body), "application/json"),
    http.execute,
    Effect.flatMap((response) =>
      Effect.map(response.text, (read) => ({ status: response.status, text: read }))
    ),
    Effect.timeout(LONGEST_REQUEST),
    Effect.mapError(
      (error) => new JobUnavailable({ what, detail: `No answer: ${error._tag}.` })
    )
  )
  if (status === 401 || status === 408 || status === 429 || status >= 500)
    return yield* new JobUnavailable({ what, detail: `It answers ${status}.` })
  if (status >= 400)
    return yield* new JobFailed({
      detail: `${what} refuses with ${status}: ${text.slice(0, MOST_TEXT)}`
    })
  // Of another version, as while a new one is brought out: it may pass.
  return yield* Effect.mapError(
    Schema.decodeEffect(Schema.fromJsonString(answer))(text),
    () =>
      new JobUnavailable({ what, detail: "It answers what nobody here understands." })
  )
})
