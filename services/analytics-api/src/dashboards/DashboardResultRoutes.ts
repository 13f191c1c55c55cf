import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { reading } from "../insights/asking.ts"
import { bodyOf, queryRefusals, refusals, security } from "../insights/insightWire.ts"
import {
  ResultOverrides,
  readOverrides,
  resultExample
} from "../insights/ResultOverrides.ts"
import { DashboardNotFound } from "./Dashboard.ts"
import { DashboardResult } from "./DashboardResult.ts"
import { DashboardResults } from "./DashboardResults.ts"
import { DashboardParams } from "./dashboardWire.ts"

/** `POST /v1/dashboards/{id}/result`: everything that a dashboard shows. */
export const dashboardResultRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | DashboardResults, ER>
) =>
  new Elysia({ tags: ["dashboards"] }).use(effectPlugin(runtime)).post(
    "/v1/dashboards/:dashboardId/result",
    ({ body, headers, params, run }) =>
      run(
        DashboardResult,
        Effect.gen(function* () {
          const asking = yield* reading(headers["authorization"])
          const results = yield* DashboardResults
          const overrides = yield* readOverrides(body)
          return yield* results.result(asking, params.dashboardId, overrides, false)
        })
      ),
    {
      params: received(DashboardParams),
      response: {
        200: sent(DashboardResult),
        404: sent(DashboardNotFound),
        ...queryRefusals,
        ...refusals
      },
      detail: {
        summary: "Answer all tiles of a dashboard",
        description:
          "All as of one watermark, in one concurrency group. What the body says goes before what the dashboard says, and that before what each query says; `filters` of all three hold. A tile whose question cannot be answered has its `problem`; the others are answered all the same.",
        security,
        requestBody: bodyOf(ResultOverrides, resultExample)
      }
    }
  )
