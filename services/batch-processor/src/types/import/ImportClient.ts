import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { bodyOf } from "@analytics/data-processing/import/batches"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"

const Answer = Schema.fromJsonString(
  Schema.Struct({
    accepted: Schema.Int,
    rejected: Schema.Array(Schema.Struct({ index: Schema.Int, reason: Schema.String }))
  })
)
/** What data-ingestion did with events, by their place among those that were sent. */
export type Answer = typeof Answer.Type

/** It asks to come back later: it is full, or starts again. */
class Later extends Schema.TaggedError<Later>()("Later", {
  detail: Schema.String,
  seconds: Schema.Number
}) {}

/** The request is more than it takes at once. */
class TooMuch extends Schema.TaggedError<TooMuch>()("TooMuch", {}) {}

const LONGEST_REQUEST = "60 seconds"
/** Then the step is tried again, with waits of its own. */
const LONGEST_WAIT = "10 minutes"
const MOST_TRIES = 600
/** In seconds. */
const MOST_PAUSE = 30

/** Whether events may be sent still: it fails when they may not. */
type Before = Effect.Effect<void, JobFailed | JobUnavailable>

/** Hands events to data-ingestion, in the name of a project. */
export class ImportClient extends Context.Service<
  ImportClient,
  {
    /**
     * Each event as JSON. Sending the same again is harmless: each has its messageId.
     *
     * @param before done before every try, of which there may be many within minutes
     */
    send(
      projectId: number,
      events: ReadonlyArray<string>,
      before?: Before
    ): Effect.Effect<Answer, JobFailed | JobUnavailable>
  }
>()("@analytics/batch-processor/types/import/ImportClient") {
  static readonly layer = Layer.effect(
    ImportClient,
    Effect.gen(function* () {
      const { dataIngestionUrl, serviceKey } = yield* ServicesConfig
      const http = yield* HttpClient.HttpClient
      const decode = Schema.decodeUnknownEffect(Answer)

      const attempt = Effect.fnUntraced(function* (
        projectId: number,
        events: ReadonlyArray<string>
      ) {
        const response = yield* HttpClientRequest.post(
          `${dataIngestionUrl}/internal/v1/import?projectId=${projectId}`
        ).pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          HttpClientRequest.bodyText(bodyOf(events), "application/json"),
          http.execute
        )
        const { headers, status } = response
        const text = yield* response.text
        if (status === 200) return yield* decode(text)
        if (status === 413) return yield* new TooMuch()
        if (status === 404)
          return yield* new JobFailed({
            detail: "The project was deleted: there is nothing to import into."
          })
        if (status !== 429 && status < 500 && status !== 401)
          return yield* new JobFailed({
            detail: `data-ingestion refuses the events with ${status}: ${text.slice(0, 500)}`
          })
        const asked = Number(headers["retry-after"] ?? 1)
        return yield* new Later({
          detail: `data-ingestion answers ${status}`,
          seconds: Math.min(MOST_PAUSE, Math.max(asked || 1, 0.1))
        })
      })

      const patiently = (
        projectId: number,
        events: ReadonlyArray<string>,
        before: Before
      ) =>
        Effect.andThen(before, attempt(projectId, events)).pipe(
          Effect.timeout(LONGEST_REQUEST),
          Effect.catchTags({
            HttpClientError: () =>
              Effect.fail(new Later({ detail: "data-ingestion is away", seconds: 1 })),
            TimeoutError: () =>
              Effect.fail(
                new Later({ detail: "data-ingestion does not answer", seconds: 1 })
              ),
            SchemaError: Effect.die
          }),
          Effect.tapError((error) =>
            error._tag === "Later" ? Effect.sleep(error.seconds * 1000) : Effect.void
          ),
          Effect.retry({ while: ({ _tag }) => _tag === "Later", times: MOST_TRIES }),
          Effect.catchTag("Later", ({ detail }) => away(detail)),
          Effect.timeoutOrElse({
            duration: LONGEST_WAIT,
            orElse: () => away("it took nothing for ten minutes")
          })
        )

      const send = (
        projectId: number,
        events: ReadonlyArray<string>,
        before: Before = Effect.void
      ): Effect.Effect<Answer, JobFailed | JobUnavailable> =>
        Effect.catchTag(patiently(projectId, events, before), "TooMuch", () =>
          events.length <= 1
            ? Effect.succeed({
                accepted: 0,
                rejected: [{ index: 0, reason: "larger than a request may be" }]
              })
            : inHalves(projectId, events, before)
        )

      /** Requests may be limited to less than they are by default. */
      const inHalves = Effect.fnUntraced(function* (
        projectId: number,
        events: ReadonlyArray<string>,
        before: Before
      ) {
        const middle = Math.ceil(events.length / 2)
        const first = yield* send(projectId, events.slice(0, middle), before)
        const second = yield* send(projectId, events.slice(middle), before)
        return {
          accepted: first.accepted + second.accepted,
          rejected: [
            ...first.rejected,
            ...second.rejected.map(({ index, reason }) => ({
              index: index + middle,
              reason
            }))
          ]
        }
      })

      return ImportClient.of({ send: Effect.fn("ImportClient.send")(send) })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

const away = (detail: string) =>
  Effect.fail(new JobUnavailable({ what: "data-ingestion", detail }))
