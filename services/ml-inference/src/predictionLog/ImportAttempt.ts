import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { bodyOf } from "@analytics/data-processing/import/batches"
import { Data, Effect, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const Answer = Schema.fromJsonString(
  Schema.Struct({
    accepted: Schema.Int,
    rejected: Schema.Array(Schema.Struct({ index: Schema.Int, reason: Schema.String }))
  })
)

/** What became of one request. */
export type Attempted = Data.TaggedEnum<{
  /** `refused`: why single events were not. */
  Taken: { readonly accepted: number; readonly refused: ReadonlyArray<string> }
  /** `pause`: milliseconds, if it said how long. */
  Later: { readonly detail: string; readonly pause: number | undefined }
  TooLarge: Record<never, never>
  Refused: { readonly detail: string }
}>
export const Attempted = Data.taggedEnum<Attempted>()

/** An answer that takes longer is not waited for: the same again is harmless. */
const LONGEST_REQUEST = "10 seconds"
const MOST_TEXT = 300

/** Hands events to data-ingestion, once. */
export const importAttempt = Effect.gen(function* () {
  const { dataIngestionUrl, serviceKey } = yield* ServicesConfig
  const http = yield* HttpClient.HttpClient
  const decode = Schema.decodeUnknownEffect(Answer)

  const attempted = Effect.fnUntraced(function* (
    projectId: number,
    events: ReadonlyArray<string>
  ) {
    const { headers, status, text } = yield* HttpClientRequest.post(
      `${dataIngestionUrl}/internal/v1/import?projectId=${projectId}`
    ).pipe(
      HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
      HttpClientRequest.bodyText(bodyOf(events), "application/json"),
      http.execute
    )
    const said = yield* text
    if (status === 200) {
      const { accepted, rejected } = yield* decode(said)
      return Attempted.Taken({
        accepted,
        refused: rejected.map(({ reason }) => reason)
      })
    }
    if (status === 413) return Attempted.TooLarge()
    const detail = `data-ingestion answers ${status}: ${said.slice(0, MOST_TEXT)}`
    // With another key it is a matter of a moment: the services start one by one.
    return status === 429 || status === 401 || status >= 500
      ? Attempted.Later({ detail, pause: pauseOf(headers["retry-after"]) })
      : Attempted.Refused({ detail })
  })

  return (projectId: number, events: ReadonlyArray<string>): Effect.Effect<Attempted> =>
    attempted(projectId, events).pipe(
      Effect.timeout(LONGEST_REQUEST),
      Effect.catchTags({
        HttpClientError: () => later("data-ingestion is away"),
        TimeoutError: () => later("data-ingestion does not answer"),
        SchemaError: () => later("what answers there is not data-ingestion")
      })
    )
})

const later = (detail: string) =>
  Effect.succeed(Attempted.Later({ detail, pause: undefined }))

/** Whole seconds, as all services here write it. */
const pauseOf = (retryAfter: string | undefined): number | undefined => {
  const seconds = Number(retryAfter)
  return seconds > 0 ? seconds * 1000 : undefined
}
