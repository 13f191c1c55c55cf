import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { keeping, reading } from "./asking.ts"
import {
  Insight,
  InsightChange,
  InsightChanged,
  InsightInUse,
  InsightNotFound,
  insightExample,
  NewInsight,
  TooManyInsights
} from "./Insight.ts"
import { Insights } from "./Insights.ts"
import {
  bodyOf,
  InsightList,
  InsightPage,
  InsightParams,
  queryRefusals,
  refusals,
  security
} from "./insightWire.ts"
import { DEFAULT_PAGE } from "./Page.ts"

/** `/v1/insights`: questions that are asked again. */
export const insightsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Insights, ER>
) =>
  new Elysia({ prefix: "/v1/insights", tags: ["insights"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          Insight,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            return yield* (yield* Insights).create(asking, body)
          }),
          201
        ),
      {
        response: {
          201: sent(Insight),
          409: sent(TooManyInsights),
          ...queryRefusals,
          ...refusals
        },
        detail: {
          summary: "Save a question",
          description:
            "`query` is a body of `POST /v1/query` without `cursor` and `asOf`, and is judged as there: faults point below `/query`.",
          security,
          requestBody: bodyOf(NewInsight, insightExample)
        }
      }
    )
    .get(
      "",
      ({ headers, query: { cursor: after, limit = DEFAULT_PAGE }, run }) =>
        run(
          InsightList,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            const page = yield* (yield* Insights).list(projectId, { after, limit })
            return { insights: page.items, nextCursor: page.nextCursor }
          })
        ),
      {
        query: received(InsightPage),
        response: { 200: sent(InsightList), ...refusals },
        detail: { summary: "List the insights, oldest first", security }
      }
    )
    .get(
      "/:insightId",
      ({ headers, params, run }) =>
        run(
          Insight,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            return yield* (yield* Insights).get(projectId, params.insightId)
          })
        ),
      {
        params: received(InsightParams),
        response: { 200: sent(Insight), 404: sent(InsightNotFound), ...refusals },
        detail: { summary: "Read an insight", security }
      }
    )
    .patch(
      "/:insightId",
      ({ body, headers, params, run }) =>
        run(
          Insight,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            return yield* (yield* Insights).change(asking, params.insightId, body)
          })
        ),
      {
        params: received(InsightParams),
        response: {
          200: sent(Insight),
          404: sent(InsightNotFound),
          409: sent(InsightChanged),
          ...queryRefusals,
          ...refusals
        },
        detail: {
          summary: "Change an insight, which makes its next version",
          description:
            "`version` is the one that is changed. If another is the newest, somebody changed it meanwhile, and nothing happens (409).",
          security,
          requestBody: bodyOf(InsightChange, {
            version: 1,
            name: "Orders per day"
          })
        }
      }
    )
    .delete(
      "/:insightId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const { projectId } = yield* keeping(headers["authorization"])
            yield* (yield* Insights).remove(projectId, params.insightId)
          }),
          204
        ),
      {
        params: received(InsightParams),
        response: {
          204: sent(Schema.Void),
          404: sent(InsightNotFound),
          409: sent(InsightInUse),
          ...refusals
        },
        detail: {
          summary: "Delete an insight with its versions",
          description: "409 names the dashboards that show it.",
          security
        }
      }
    )
