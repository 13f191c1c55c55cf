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

/** Asks data-ingestion up to which instant everything is stored. */
export class WatermarkClient extends Context.Service<
  WatermarkClient,
  {
    /** In epoch milliseconds. */
    readonly current: Effect.Effect<number, JobUnavailable>
  }
>()("@analytics/batch-processor/types/export/WatermarkClient") {
  static readonly layer = Layer.effect(
    WatermarkClient,
    Effect.gen(function* () {
      const { dataIngestionUrl, serviceKey } = yield* ServicesConfig
      const http = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)
      return WatermarkClient.of({
        current: HttpClientRequest.get(
          `${dataIngestionUrl}/internal/v1/watermark`
        ).pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          http.execute,
          Effect.flatMap(HttpClientResponse.schemaBodyJson(Published)),
          Effect.timeout("5 seconds"),
          Effect.map(({ watermark }) => watermark.getTime()),
          Effect.mapError(
            () =>
              new JobUnavailable({
                what: "data-ingestion",
                detail: "It does not say up to when events are stored."
              })
          ),
          Effect.withSpan("WatermarkClient.current")
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
