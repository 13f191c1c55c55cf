import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Context, Effect, Fiber, Layer, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { QueriesUnavailable } from "../query/QueryProblems.ts"

const Taken = Schema.Struct({ id: Schema.String, knownAt: Schema.DateFromString })
const Released = Schema.Struct({ held: Schema.Boolean })

/** Changes beside the events that answers of earlier watermarks must not show. */
export class WatermarkHolds extends Context.Service<
  WatermarkHolds,
  {
    /**
     * Runs a write that takes effect at an instant above every watermark that was told; no
     * watermark reaches it before the write has ended. That must be within 30 seconds; it is
     * not interrupted with whoever waits for it.
     */
    during<A, E, R>(
      write: (knownAt: Date) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E | QueriesUnavailable, R>
  }
>()("@analytics/analytics-api/cohorts/WatermarkHolds") {
  static readonly layer = Layer.effect(
    WatermarkHolds,
    Effect.gen(function* () {
      const { dataIngestionUrl } = yield* QueryConfig
      const { serviceKey } = yield* AccessConfig
      const http = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)
      const base = `${dataIngestionUrl.replace(/\/$/u, "")}/internal/v1/watermark/holds`

      const ask = (request: HttpClientRequest.HttpClientRequest) =>
        request.pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          http.execute,
          Effect.timeout("5 seconds")
        )

      const take = ask(HttpClientRequest.post(base)).pipe(
        Effect.flatMap(HttpClientResponse.schemaBodyJson(Taken)),
        Effect.catch((error) =>
          Effect.logWarning("data-ingestion does not hold the watermark", error).pipe(
            Effect.andThen(
              Effect.fail(
                new QueriesUnavailable({
                  detail: "Nothing was changed; send it again."
                })
              )
            )
          )
        )
      )

      /** Left to itself it expires. */
      const release = (id: string) =>
        ask(HttpClientRequest.delete(`${base}/${id}`)).pipe(
          Effect.flatMap(HttpClientResponse.schemaBodyJson(Released)),
          Effect.flatMap(({ held }) =>
            held
              ? Effect.void
              : Effect.logError(
                  "a change took longer than the watermark waits; answers as of that moment may not repeat"
                )
          ),
          Effect.catch((error) =>
            Effect.logWarning("a hold of the watermark has to expire", error)
          )
        )

      return WatermarkHolds.of({
        during: (write) =>
          take.pipe(
            Effect.flatMap(({ id, knownAt }) =>
              Effect.ensuring(write(knownAt), release(id))
            ),
            Effect.withSpan("WatermarkHolds.during"),
            Effect.forkDetach,
            Effect.flatMap(Fiber.join)
          )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
