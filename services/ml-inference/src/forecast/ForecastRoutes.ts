import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import {
  AnomaliesAnswer,
  AnomaliesBody,
  ForecastAnswer,
  ForecastBody
} from "@analytics/ml-models/forecast/ForecastWire"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { ModelAccess } from "../access/ModelAccess.ts"
import { Forecaster } from "./Forecaster.ts"
import { ForecastFailed, ForecastsBusy, SeriesInvalid } from "./ForecastProblems.ts"

const ProjectId = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
)
const Asking = Schema.Struct({
  projectId: Schema.optionalKey(
    Schema.FiniteFromString.pipe(Schema.decodeTo(ProjectId))
  ).annotate({ description: "For the admin key; a secret key is of one project" })
})

const allowed = Effect.fnUntraced(function* (
  authorization: string | undefined,
  projectId: number | undefined
) {
  yield* (yield* ModelAccess).of(authorization, "predict", projectId)
})

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  422: sent(Schema.Union([SeriesInvalid, ProjectMissing])),
  429: sent(ForecastsBusy),
  503: sent(Schema.Union([ForecastFailed, KeysUnavailable]))
}
const security = [{ key: [] }]

/** `/v1/forecast` and `/v1/anomalies`: of any series, kept nowhere. */
export const forecastRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Forecaster | ModelAccess, ER>
) =>
  new Elysia({ prefix: "/v1", tags: ["forecasts"] })
    .use(effectPlugin(runtime))
    .post(
      "/forecast",
      ({ body, headers, query, run }) =>
        run(
          ForecastAnswer,
          Effect.gen(function* () {
            yield* allowed(headers["authorization"], query.projectId)
            return yield* (yield* Forecaster).forecast(body)
          })
        ),
      {
        body: received(ForecastBody),
        query: received(Asking),
        response: { 200: sent(ForecastAnswer), ...refusals },
        detail: {
          summary: "The next values of a series",
          description:
            "By the model that did best on the past of the series, with intervals made from its errors there and their measured coverage. A series that is too short is answered with `refused`.",
          security
        }
      }
    )
    .post(
      "/anomalies",
      ({ body, headers, query, run }) =>
        run(
          AnomaliesAnswer,
          Effect.gen(function* () {
            yield* allowed(headers["authorization"], query.projectId)
            return yield* (yield* Forecaster).anomalies(body)
          })
        ),
      {
        body: received(AnomaliesBody),
        query: received(Asking),
        response: { 200: sent(AnomaliesAnswer), ...refusals },
        detail: {
          summary: "What in a series is not as its past lets expect",
          description:
            "Each value against a range made from those before it alone, and where the level shifts for good.",
          security
        }
      }
    )
