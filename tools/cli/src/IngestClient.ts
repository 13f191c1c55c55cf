import { bodyOf } from "@analytics/data-processing/import/batches"
import { Effect, Schedule, Schema } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import { Refused, send, Unreachable } from "./ApiClient.ts"

/** What the ingestion did with the events of one request. */
export const IngestAnswer = Schema.Struct({
  accepted: Schema.Int,
  rejected: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      messageId: Schema.NullOr(Schema.String),
      reason: Schema.String
    })
  )
})
export type IngestAnswer = typeof IngestAnswer.Type

/** The service asks to come back later: full, restarting, or behind a proxy that is. */
class Later extends Schema.TaggedError<Later>()("Later", {
  message: Schema.String,
  seconds: Schema.Int
}) {}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(IngestAnswer))

const attempt = (url: string, key: string, body: string) =>
  HttpClientRequest.post(`${url}/v1/batch`).pipe(
    HttpClientRequest.bearerToken(key),
    HttpClientRequest.setHeader("x-ingest-lane", "bulk"),
    HttpClientRequest.bodyText(body, "application/json"),
    send,
    Effect.flatMap(
      ({ headers, status, text }): Effect.Effect<IngestAnswer, Later | Refused> => {
        if (status === 200)
          return decode(text).pipe(
            Effect.mapError((error) => new Refused({ status, message: error.message }))
          )
        if (status === 429 || status >= 500) {
          const seconds = Math.min(30, Number(headers["retry-after"] ?? 1) || 1)
          return Effect.fail(new Later({ message: `${status}`, seconds }))
        }
        return Effect.fail(new Refused({ status, message: `${status} ${text}` }))
      }
    )
  )

/**
 * Delivers one batch: waits as long as the service asks to, and gives up after about ten
 * minutes of refusals. Resending is safe, because every event carries its id.
 */
export const deliver = Effect.fn("IngestClient.deliver")(
  (url: string, key: string, body: string) =>
    attempt(url, key, body).pipe(
      Effect.tapError((error) =>
        error._tag === "Later" ? Effect.sleep(`${error.seconds} seconds`) : Effect.void
      ),
      Effect.retry({
        while: (error) => error._tag === "Later" || error._tag === "Unreachable",
        schedule: Schedule.min([
          Schedule.exponential("200 millis"),
          Schedule.spaced("5 seconds")
        ]),
        times: 120
      }),
      Effect.catchTag("Later", ({ message }) =>
        Effect.fail(
          new Unreachable({ message: `still refused after 120 tries: ${message}` })
        )
      )
    )
)

/**
 * Delivers events, each as JSON, in smaller requests where one is too large: all that a
 * row makes are together, and may be more than a request.
 */
export const deliverEvents = (
  url: string,
  key: string,
  events: ReadonlyArray<string>
): Effect.Effect<IngestAnswer, Refused | Unreachable, HttpClient.HttpClient> =>
  deliver(url, key, bodyOf(events)).pipe(
    Effect.catchTag("Refused", (error) => {
      if (error.status !== 413) return Effect.fail(error)
      return events.length > 1
        ? inHalves(url, key, events)
        : Effect.succeed({ accepted: 0, rejected: [tooLarge] })
    })
  )

const tooLarge = {
  index: 0,
  messageId: null,
  reason: "larger than a request may be: a job takes larger events"
}

const inHalves = Effect.fnUntraced(function* (
  url: string,
  key: string,
  events: ReadonlyArray<string>
) {
  const middle = Math.ceil(events.length / 2)
  const first = yield* deliverEvents(url, key, events.slice(0, middle))
  const second = yield* deliverEvents(url, key, events.slice(middle))
  const behind = second.rejected.map((one) => ({ ...one, index: one.index + middle }))
  return {
    accepted: first.accepted + second.accepted,
    rejected: [...first.rejected, ...behind]
  }
})
