import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"

const Answer = Schema.fromJsonString(
  Schema.Struct({ kind: Schema.String, result: Schema.Unknown })
)
export type Answer = typeof Answer.Type

const Problem = Schema.fromJsonString(
  Schema.Struct({
    title: Schema.String,
    detail: Schema.optionalKey(Schema.String),
    errors: Schema.optionalKey(
      Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
    )
  })
)

/** Longer than analytics-api gives a query that nobody waits for. */
const LONGEST_ANSWER = "11 minutes"
/** The project has asked enough for now; for a minute or so this waits by itself. */
const patience = Schedule.spaced("2 seconds").pipe(Schedule.jittered)
const MOST_WAITS = 60

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

/** Asks analytics-api in the name of a project. */
export class QueryClient extends Context.Service<
  QueryClient,
  {
    /** What `POST /v1/query` answers to a body. */
    answer(
      projectId: number,
      body: object
    ): Effect.Effect<Answer, JobFailed | JobUnavailable>
  }
>()("@analytics/batch-processor/types/export/QueryClient") {
  static readonly layer = Layer.effect(
    QueryClient,
    Effect.gen(function* () {
      const { analyticsApiUrl, serviceKey } = yield* ServicesConfig
      const http = yield* HttpClient.HttpClient
      const decode = Schema.decodeUnknownEffect(Answer)

      const ask = Effect.fnUntraced(function* (projectId: number, body: object) {
        const response = yield* HttpClientRequest.post(
          `${analyticsApiUrl}/internal/v1/query?projectId=${projectId}`
        ).pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          HttpClientRequest.bodyJson(body),
          Effect.flatMap(http.execute)
        )
        const { status } = response
        const text = yield* response.text
        if (status === 200) return yield* decode(text)
        if (status === 429) return yield* new Busy()
        if (status >= 500 || status === 401)
          return yield* away(`It answers with ${status}.`)
        return yield* new JobFailed({ detail: yield* explained(text) })
      })

      return QueryClient.of({
        answer: Effect.fn("QueryClient.answer")((projectId, body) =>
          ask(projectId, body).pipe(
            Effect.retry({
              while: ({ _tag }) => _tag === "Busy",
              schedule: patience,
              times: MOST_WAITS
            }),
            Effect.timeout(LONGEST_ANSWER),
            Effect.catchTags({
              Busy: () => away("The project has asked too much lately."),
              HttpBodyError: Effect.die,
              HttpClientError: ({ message }) => away(message),
              SchemaError: () => away("Its answer cannot be read."),
              TimeoutError: () => away("It does not answer in time.")
            })
          )
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

const away = (detail: string) =>
  Effect.fail(new JobUnavailable({ what: "analytics-api", detail }))

/** A refusal in the words of who refused. */
const explained = (text: string): Effect.Effect<string> =>
  Schema.decodeUnknownEffect(Problem)(text).pipe(
    Effect.map(({ detail, errors = [], title }) =>
      [title, detail, ...errors.map((it) => `${it.pointer || "/"}: ${it.detail}`)]
        .filter((part) => part !== undefined)
        .join("; ")
    ),
    Effect.orElseSucceed(() => "analytics-api refuses the query.")
  )
