import { Effect, type Option, Redacted, type Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { call, explain, Refused, Unreachable } from "../ApiClient.ts"
import { keyFlag, NoTarget, readTarget, secretKeyOf, stackFlag } from "../Target.ts"

export const reportingFlags = { key: keyFlag, stack: stackFlag }

export interface ReportingFlags {
  readonly key: Option.Option<Redacted.Redacted>
  readonly stack: string
}

/** A file as it was answered, with the name that it is to have. */
export interface ReceivedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** reporting-engine, as one who asks may use it. */
export interface Reporting {
  /** A request under `/v1`. */
  readonly call: <A>(
    method: "GET" | "POST" | "DELETE",
    path: string,
    answer: Schema.Codec<A, unknown>,
    body?: object
  ) => ReturnType<typeof call<A>>
  /** A `POST` under `/v1` that answers with a file. */
  readonly file: (
    path: string,
    body: object
  ) => Effect.Effect<ReceivedFile, Refused | Unreachable, HttpClient.HttpClient>
}

export const openReporting = Effect.fn("Reporting.open")(function* (
  flags: ReportingFlags
) {
  const target = yield* readTarget(flags.stack)
  const url = target.services["reporting-engine"]
  if (url === undefined)
    return yield* new NoTarget({
      message: `${flags.stack} names no reporting-engine: start the stack again (make start)`
    })
  return reportingAt(url, yield* secretKeyOf(target, flags.key))
})

export const reportingAt = (url: string, key: Redacted.Redacted): Reporting => ({
  call: (method, path, answer, body) =>
    call(method, `${url}/v1${path}`, Redacted.value(key), answer, body),
  file: Effect.fn("Reporting.file")(
    function* (path, body) {
      const response = yield* HttpClient.execute(
        HttpClientRequest.make("POST")(`${url}/v1${path}`).pipe(
          HttpClientRequest.bearerToken(key),
          HttpClientRequest.bodyJsonUnsafe(body)
        )
      )
      if (response.status !== 200)
        return yield* new Refused({
          status: response.status,
          message: explain(response.status, yield* response.text)
        })
      const bytes = new Uint8Array(yield* response.arrayBuffer)
      return { bytes, name: nameIn(response.headers["content-disposition"]) }
    },
    Effect.catchTag(
      "HttpClientError",
      (error) => new Unreachable({ message: `no answer: ${error.message}` })
    ),
    Effect.timeoutOrElse({
      duration: "150 seconds",
      orElse: () =>
        Effect.fail(new Unreachable({ message: `${url}: no answer in 150 s` }))
    })
  )
})

/** Never a path: what a service says is no reason to write elsewhere. */
const nameIn = (disposition = ""): string => {
  const name = /filename="([^"\\/]+)"/u.exec(disposition)?.[1] ?? ""
  return /^\.*$/u.test(name) ? "report" : name
}
