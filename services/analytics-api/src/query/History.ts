import { askedAgain } from "@analytics/api-common/outgoing/askedAgain"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"

const Told = Schema.Struct({ changedAt: Schema.NullOr(Schema.DateFromString) })

/** Whether what was answered once can still be answered. */
export class History extends Context.Service<
  History,
  {
    /**
     * Whether something that answers as of this instant (ms since 1970) counted was erased
     * or has expired since; also if that cannot be learned.
     */
    changedSince(projectId: number, asOf: number): Effect.Effect<boolean>
  }
>()("@analytics/analytics-api/query/History") {
  static readonly layer = Layer.effect(
    History,
    Effect.gen(function* () {
      const { dataIngestionUrl } = yield* QueryConfig
      const { serviceKey } = yield* AccessConfig
      const http = (yield* HttpClient.HttpClient).pipe(
        HttpClient.filterStatusOk,
        askedAgain
      )
      const url = `${dataIngestionUrl.replace(/\/$/u, "")}/internal/v1/history`
      return History.of({
        changedSince: Effect.fn("History.changedSince")((projectId, asOf) =>
          HttpClientRequest.get(url, { urlParams: { projectId } }).pipe(
            HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
            http.execute,
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Told)),
            Effect.timeout("2 seconds"),
            Effect.map(
              ({ changedAt }) => changedAt !== null && asOf < changedAt.getTime()
            ),
            Effect.catch((error) =>
              Effect.as(
                Effect.logWarning("data-ingestion does not tell the history", error),
                true
              )
            )
          )
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
