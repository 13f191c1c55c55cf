import { type Duration, Effect, Option, Redacted, Schema, type Tracer } from "effect"
import { RequestRefused, ServerUnreachable } from "./InferenceProblems.ts"
import { encodeRequest, type InferRequest } from "./InferRequest.ts"
import { decodeResponse, type InferResponse } from "./InferResponse.ts"
import { Malformed } from "./Malformed.ts"
import { headerLengthName, type Message } from "./message.ts"
import {
  ErrorMessage,
  ModelMetadata,
  RepositoryIndex,
  ServerMetadata,
  Statistics
} from "./ProtocolMessages.ts"
import type { Form } from "./writeTensor.ts"

export interface InferenceClientOptions {
  /** Of the server, without `/v2`: `http://127.0.0.1:4002`. */
  readonly url: string
  readonly key?: Redacted.Redacted | undefined
  /** Whose models are meant, with a key that is of no project. */
  readonly projectId?: number | undefined
  /** How long one answer may take; 30 seconds without it. */
  readonly timeout?: Duration.Input | undefined
}

type Failure = ServerUnreachable | RequestRefused | Malformed

/** Speaks the Open Inference Protocol to one server. Repeats nothing by itself. */
export interface InferenceClient {
  readonly server: Effect.Effect<typeof ServerMetadata.Type, Failure>
  readonly live: Effect.Effect<boolean, Failure>
  readonly ready: Effect.Effect<boolean, Failure>
  metadata(
    model: string,
    version?: string
  ): Effect.Effect<typeof ModelMetadata.Type, Failure>
  /** Whether it can answer now; a model that nobody knows is `RequestRefused`. */
  modelReady(model: string, version?: string): Effect.Effect<boolean, Failure>
  /** `form`: how the inputs travel, and outputs that the request does not name. */
  infer(
    model: string,
    request: InferRequest,
    options?: {
      readonly version?: string | undefined
      readonly form?: Form | undefined
    }
  ): Effect.Effect<InferResponse, Failure>
  index(options?: {
    readonly ready?: boolean
  }): Effect.Effect<typeof RepositoryIndex.Type, Failure>
  load(model: string): Effect.Effect<void, Failure>
  unload(model: string): Effect.Effect<void, Failure>
  /** Of all models, of one, or of one version. */
  statistics(
    model?: string,
    version?: string
  ): Effect.Effect<typeof Statistics.Type, Failure>
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export const makeInferenceClient = (
  options: InferenceClientOptions
): InferenceClient => {
  const { key, projectId, timeout = "30 seconds" } = options
  const base = `${options.url.replace(/\/+$/u, "")}/v2`
  const search = projectId === undefined ? "" : `?projectId=${projectId}`
  const authorization = key && { authorization: `Bearer ${Redacted.value(key)}` }

  const ask = Effect.fn("InferenceClient.ask", { kind: "client" })(function* (
    path: string,
    message?: Message
  ) {
    const trace = traceHeaders(yield* Effect.option(Effect.currentSpan))
    const answer = yield* Effect.tryPromise({
      try: (signal) => exchange(`${base}${path}${search}`, message, trace, signal),
      catch: (error) =>
        new ServerUnreachable({ detail: `${base} does not answer: ${error}` })
    }).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.fail(
            new ServerUnreachable({ detail: `${base} did not answer in time` })
          )
      })
    )
    yield* Effect.annotateCurrentSpan("http.response.status_code", answer.status)
    return answer.status < 300 ? answer : yield* refusalOf(answer)
  })

  const exchange = async (
    url: string,
    message: Message | undefined,
    trace: Record<string, string>,
    signal: AbortSignal
  ): Promise<Answer> => {
    const response = await fetch(url, {
      signal,
      headers: { ...authorization, ...trace, ...headersOf(message) },
      ...(message && { method: "POST", body: message.body })
    })
    const { status, headers } = response
    return { status, headers, body: await response.bytes() }
  }

  const read = <S extends Answered>(schema: S, path: string, message?: Message) =>
    Effect.flatMap(ask(path, message), ({ body }) => decoded(schema, body))

  const isReady = (path: string) =>
    ask(path).pipe(
      Effect.as(true),
      Effect.catchTag("RequestRefused", (refused) =>
        refused.status === 503 ? Effect.succeed(false) : Effect.fail(refused)
      )
    )

  return {
    server: read(ServerMetadata, ""),
    live: isReady("/health/live"),
    ready: isReady("/health/ready"),
    metadata: (model, version) => read(ModelMetadata, pathOf(model, version)),
    modelReady: (model, version) => isReady(`${pathOf(model, version)}/ready`),
    infer: Effect.fn("InferenceClient.infer")(function* (model, request, options = {}) {
      const { version, form = "binary" } = options
      const message = yield* Effect.fromResult(
        encodeRequest({ outputForm: form, ...request }, form)
      )
      const path = `${pathOf(model, version)}/infer`
      const { headers, body } = yield* ask(path, message)
      return yield* Effect.fromResult(
        decodeResponse(body, headers.get(headerLengthName))
      )
    }),
    index: (body = {}) => read(RepositoryIndex, "/repository/index", json(body)),
    load: (model) => Effect.asVoid(ask(`${repositoryPath(model)}/load`, json({}))),
    unload: (model) => Effect.asVoid(ask(`${repositoryPath(model)}/unload`, json({}))),
    statistics: (model, version) =>
      read(
        Statistics,
        `${model === undefined ? "/models" : pathOf(model, version)}/stats`
      )
  }
}

/** W3C Trace Context: the server goes on the caller's trace. */
const traceHeaders = (span: Option.Option<Tracer.Span>): Record<string, string> =>
  Option.match(span, {
    onNone: () => ({}),
    onSome: ({ sampled, spanId, traceId }) => ({
      traceparent: `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
    })
  })

type Answered = Schema.Top & { readonly DecodingServices: never }

const pathOf = (model: string, version: string | undefined): string =>
  `/models/${encodeURIComponent(model)}${version === undefined ? "" : `/versions/${encodeURIComponent(version)}`}`

const repositoryPath = (model: string): string =>
  `/repository/models/${encodeURIComponent(model)}`

const json = (value: unknown): Message => ({
  body: JSON.stringify(value),
  headerLength: undefined
})

const headersOf = (message: Message | undefined): Record<string, string> => {
  if (message === undefined) return {}
  return message.headerLength === undefined
    ? { "content-type": "application/json" }
    : {
        "content-type": "application/octet-stream",
        [headerLengthName]: String(message.headerLength)
      }
}

const decoded = <S extends Answered>(
  schema: S,
  body: Uint8Array
): Effect.Effect<S["Type"], Malformed> =>
  Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(
    new TextDecoder().decode(body)
  ).pipe(
    Effect.mapError(
      (error) => new Malformed({ detail: `The answer is not understood: ${error}` })
    )
  )

const refusalOf = ({ status, headers, body }: Answer) =>
  decoded(ErrorMessage, body).pipe(
    Effect.map(({ error }) => error),
    // A proxy on the way speaks differently.
    Effect.catchTag("Malformed", () => Effect.succeed(`It answered ${status}`)),
    Effect.flatMap((detail) => {
      const seconds = Number(headers.get("retry-after") ?? Number.NaN)
      return Effect.fail(
        new RequestRefused({
          status,
          detail,
          retryAfter: Number.isNaN(seconds) ? undefined : seconds
        })
      )
    })
  )
