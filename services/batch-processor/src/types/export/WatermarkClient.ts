import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { JobUnavailable } from "../../jobs/JobType.ts"

const Published = Schema.Struct({ watermark: Schema.DateFromString })
const History = Schema.Struct({ changedAt: Schema.NullOr(Schema.String) })

/** Asks data-ingestion up to which instant everything is stored, and what went since. */
export class WatermarkClient extends Context.Service<
  WatermarkClient,
  {
    /** In epoch milliseconds. */
    readonly current: Effect.Effect<number, JobUnavailable>
    /** When something of the project was erased or expired last, as text; null: never. */
    changedAt(projectId: number): Effect.Effect<string | null, JobUnavailable>
  }
>()("@analytics/batch-processor/types/export/WatermarkClient") {
  static readonly layer = Layer.effect(
    WatermarkClient,
    Effect.gen(function* () {
      const { dataIngestionUrl, serviceKey } = yield* ServicesConfig
      const http = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)
      const ask = <A, I>(path: string, answer: Schema.Codec<A, I>, detail: string) =>
        HttpClientRequest.get(`${dataIngestionUrl}/internal/v1/${path}`).pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          http.execute,
          Effect.flatMap(HttpClientResponse.schemaBodyJson(answer)),
          Effect.timeout("5 seconds"),
          Effect.mapError(() => new JobUnavailable({ what: "data-ingestion", detail }))
        )
      return WatermarkClient.of({
        current: ask(
          "watermark",
          Published,
          "It does not say up to when events are stored."
        ).pipe(
          Effect.map(({ watermark }) => watermark.getTime()),
          Effect.withSpan("WatermarkClient.current")
        ),
        changedAt: Effect.fn("WatermarkClient.changedAt")((projectId) =>
          Effect.map(
            ask(
              `history?projectId=${projectId}`,
              History,
              "It does not say whether something was removed."
            ),
            ({ changedAt }) => changedAt
          )
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
