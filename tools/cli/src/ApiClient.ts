import { Effect, Schema } from "effect"
import {
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse
} from "effect/http"

/** A request was refused; the message is what the service said. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  message: Schema.String,
  status: Schema.Int
}) {}

/** The service could not be reached, or did not answer in time. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {
  message: Schema.String
}) {}

const Problem = Schema.fromJsonString(
  Schema.Struct({
    title: Schema.optionalKey(Schema.String),
    detail: Schema.optionalKey(Schema.String),
    errors: Schema.optionalKey(
      Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
    )
  })
)

/** What a service said of a refusal, in one line. */
export const explain = (status: number, text: string): string => {
  const problem = Schema.decodeUnknownOption(Problem)(text)
  if (problem._tag === "None") return `${status} ${text.slice(0, 200)}`
  const { detail, errors = [], title } = problem.value
  const places = errors.map((error) => `${error.pointer}: ${error.detail}`)
  return [`${status} ${title ?? ""}`, detail ?? "", ...places].join(" ").trim()
}

const unreachable = (error: HttpClientError.HttpClientError) =>
  new Unreachable({ message: `no answer: ${error.message}` })

/** Sends one request, with a deadline, and gives status, headers and text back. */
export const send = Effect.fn("ApiClient.send")(function* (
  request: HttpClientRequest.HttpClientRequest
) {
  const response = yield* HttpClient.execute(request).pipe(
    Effect.flatMap((answer: HttpClientResponse.HttpClientResponse) =>
      Effect.map(answer.text, (text) => ({
        status: answer.status,
        headers: answer.headers,
        text
      }))
    ),
    Effect.mapError(unreachable),
    Effect.timeoutOrElse({
      duration: "60 seconds",
      orElse: () =>
        Effect.fail(new Unreachable({ message: `${request.url}: no answer in 60 s` }))
    })
  )
  return response
})

/** A JSON request whose answer must fit `answer`; an empty answer is `null`. */
export const call = <A>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  url: string,
  key: string,
  answer: Schema.Codec<A, unknown>,
  body?: object,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<A, Refused | Unreachable, HttpClient.HttpClient> => {
  const plain = HttpClientRequest.make(method)(url).pipe(
    HttpClientRequest.bearerToken(key),
    HttpClientRequest.setHeaders(headers)
  )
  const request =
    body === undefined ? plain : HttpClientRequest.bodyJsonUnsafe(plain, body)
  return Effect.flatMap(send(request), ({ status, text }) =>
    status >= 200 && status < 300
      ? Schema.decodeUnknownEffect(Schema.fromJsonString(answer))(text || "null").pipe(
          Effect.mapError(
            (error) =>
              new Refused({ status, message: `unknown answer: ${error.message}` })
          )
        )
      : Effect.fail(new Refused({ status, message: explain(status, text) }))
  )
}
