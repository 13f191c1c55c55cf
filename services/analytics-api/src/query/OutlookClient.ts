import { askedAgain } from "@analytics/api-common/outgoing/askedAgain"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { InferenceConfig } from "@analytics/config/InferenceConfig"
import {
  AnomaliesAnswer,
  type AnomaliesBody,
  ForecastAnswer,
  type ForecastBody
} from "@analytics/ml-models/forecast/ForecastWire"
import { Context, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"

/** ml-inference did not answer, or not in time. */
export class OutlookUnavailable extends Schema.TaggedError<OutlookUnavailable>()(
  "OutlookUnavailable",
  { detail: Schema.String }
) {}

/** Of one line: as long as ml-inference itself gives one, and a little. */
const LONGEST = "16 seconds"

interface Asking {
  forecast(
    projectId: number,
    body: ForecastBody
  ): Effect.Effect<ForecastAnswer, OutlookUnavailable>
  anomalies(
    projectId: number,
    body: AnomaliesBody
  ): Effect.Effect<AnomaliesAnswer, OutlookUnavailable>
}

const away = () =>
  Effect.fail(new OutlookUnavailable({ detail: "It is not known whom to ask." }))

/** Asks ml-inference what is to come of a line, and what in it is unusual. */
export const OutlookClient = Context.Reference<Asking>(
  "@analytics/analytics-api/query/OutlookClient",
  { defaultValue: () => ({ forecast: away, anomalies: away }) }
)

export const layer = Layer.effect(
  OutlookClient,
  Effect.gen(function* () {
    const { mlInferenceUrl } = yield* InferenceConfig
    const { serviceKey } = yield* AccessConfig
    const http = (yield* HttpClient.HttpClient).pipe(
      HttpClient.filterStatusOk,
      askedAgain
    )
    const url = mlInferenceUrl.replace(/\/$/u, "")
    const ask = <A>(
      path: string,
      answer: Schema.Codec<A, unknown>,
      projectId: number,
      body: unknown
    ): Effect.Effect<A, OutlookUnavailable> =>
      HttpClientRequest.post(`${url}${path}`, { urlParams: { projectId } }).pipe(
        HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
        HttpClientRequest.bodyJson(body),
        Effect.flatMap(http.execute),
        // Full for a moment: the others of this answer are among those it is busy with.
        Effect.retry({
          while: (error) =>
            error._tag === "HttpClientError" && error.response?.status === 429,
          times: 5,
          schedule: Schedule.spaced("500 millis").pipe(Schedule.jittered)
        }),
        Effect.flatMap(HttpClientResponse.schemaBodyJson(answer)),
        Effect.timeout(LONGEST),
        Effect.mapError((error) => new OutlookUnavailable({ detail: String(error) })),
        Effect.withSpan("OutlookClient.ask")
      )
    return {
      forecast: (projectId, body) =>
        ask("/v1/forecast", ForecastAnswer, projectId, body),
      anomalies: (projectId, body) =>
        ask("/v1/anomalies", AnomaliesAnswer, projectId, body)
    }
  })
).pipe(Layer.provide(FetchHttpClient.layer))
