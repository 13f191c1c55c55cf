import type { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Redacted, Schema } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"

/** A model is admitted by loading it and running its golden rows. */
const LONGEST_REQUEST = "3 minutes"
/** Then the step is tried again, with waits of its own. */
const LONGEST_WAIT = "10 minutes"
/** Full or not ready: what asks waits by itself, then the step does. */
const MOST_WAITS = 120
/** In seconds. */
const MOST_PAUSE = 5
/** Of an answer that says no, what a person reads. */
const MOST_TEXT = 500

/** It asks to come back later. */
export class Later extends Schema.TaggedError<Later>()("Later", {
  detail: Schema.String,
  seconds: Schema.Number
}) {}

/** No alias names the version any more, or none ever did: it has to be loaded. */
export class NotServed extends Schema.TaggedError<NotServed>()("NotServed", {
  detail: Schema.String
}) {}

export interface Asked {
  readonly method: "GET" | "POST" | "PUT"
  readonly path: string
  readonly body?: { readonly bytes: Uint8Array; readonly type: string }
}

export interface Answered {
  readonly status: number
  readonly bytes: Uint8Array
}

export type Failure = JobFailed | JobUnavailable

/** How ml-inference is asked over its REST interface, and what its answers mean. */
export const askingOf = (
  {
    mlInferenceUrl,
    serviceKey
  }: Pick<ServicesConfig["Service"], "mlInferenceUrl" | "serviceKey">,
  http: HttpClient.HttpClient
) => {
  const once = Effect.fnUntraced(function* (projectId: number, asked: Asked) {
    const { body, method, path } = asked
    const at = `${mlInferenceUrl}${path}${path.includes("?") ? "&" : "?"}projectId=${projectId}`
    const response = yield* HttpClientRequest.make(method)(at).pipe(
      HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
      (request) =>
        body === undefined
          ? request
          : HttpClientRequest.bodyUint8Array(request, body.bytes, body.type),
      http.execute
    )
    const bytes = new Uint8Array(yield* response.arrayBuffer)
    const { status } = response
    if (passes(status))
      return yield* new Later({
        detail: `It answers ${status}: ${textOf(bytes)}`,
        seconds: pauseOf(Number(response.headers["retry-after"] ?? 1) || 1)
      })
    const answered: Answered = { status, bytes }
    return answered
  })

  const attempt = (projectId: number, asked: Asked) =>
    once(projectId, asked).pipe(
      Effect.timeout(LONGEST_REQUEST),
      Effect.catchTags({
        HttpClientError: () =>
          Effect.fail(new Later({ detail: "It is away.", seconds: 1 })),
        TimeoutError: () =>
          Effect.fail(new Later({ detail: "It does not answer.", seconds: 1 }))
      })
    )

  const ask = (projectId: number, asked: Asked): Effect.Effect<Answered, Failure> =>
    patiently(attempt(projectId, asked))

  const refused = ({ bytes, status }: Answered, path: string) =>
    new JobFailed({
      detail: `ml-inference refuses ${path} with ${status}: ${textOf(bytes)}`
    })

  const decided = Effect.fnUntraced(function* <A, I>(
    answered: Answered,
    path: string,
    answer: Schema.Codec<A, I>
  ): Effect.fn.Return<A, Failure> {
    if (answered.status >= 400) return yield* refused(answered, path)
    return yield* understood(answer, answered)
  })

  return { attempt, ask, refused, decided }
}

/** Waits and asks again, as long as it asks for that. */
export const patiently = <A, R, E extends { readonly _tag: string }>(
  effect: Effect.Effect<A, Later | E, R>
): Effect.Effect<A, Exclude<E, Later> | JobUnavailable, R> =>
  effect.pipe(
    Effect.tapError((error) =>
      isLater(error) ? Effect.sleep(error.seconds * 1000) : Effect.void
    ),
    Effect.retry({ while: isLater, times: MOST_WAITS }),
    Effect.catchIf(isLater, (later) => Effect.fail(unavailable(later))),
    Effect.timeoutOrElse({
      duration: LONGEST_WAIT,
      orElse: () =>
        Effect.fail(unavailable({ detail: "It took nothing for ten minutes." }))
    })
  )

const isLater = Schema.is(Later)

export const unavailable = ({ detail }: Pick<Later, "detail">) =>
  new JobUnavailable({ what: "ml-inference", detail })

export const pauseOf = (seconds: number | undefined): number =>
  Math.min(MOST_PAUSE, Math.max(seconds ?? 1, 0.1))

export const passes = (status: number): boolean =>
  status === 401 || status === 408 || status === 429 || status >= 500

export const textOf = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.subarray(0, MOST_TEXT))

export const jsonBody = (body: object) => ({
  bytes: Buffer.from(JSON.stringify(body)),
  type: "application/json"
})

/** Of another version, as while a new one is brought out: it may pass. */
const unreadable = new JobUnavailable({
  what: "ml-inference",
  detail: "It answers what nobody here understands."
})

export const understood = <A, I>(
  answer: Schema.Codec<A, I>,
  { bytes }: Answered
): Effect.Effect<A, JobUnavailable> =>
  Schema.decodeEffect(Schema.fromJsonString(answer))(
    new TextDecoder().decode(bytes)
  ).pipe(Effect.mapError(() => unreadable))
