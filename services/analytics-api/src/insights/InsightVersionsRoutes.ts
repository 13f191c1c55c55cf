import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { keeping, reading } from "./asking.ts"
import { Insight, InsightChanged, InsightNotFound } from "./Insight.ts"
import { Insights } from "./Insights.ts"
import {
  bodyOf,
  InsightAnswer,
  InsightParams,
  queryRefusals,
  RestoredVersion,
  refusals,
  security,
  VersionList,
  VersionPage
} from "./insightWire.ts"
import { DEFAULT_PAGE } from "./Page.ts"
import { ResultOverrides, readOverrides, resultExample } from "./ResultOverrides.ts"

/** `/v1/insights/{id}`: what it said, and what it is answered with. */
export const insightVersionsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Insights, ER>
) =>
  new Elysia({ prefix: "/v1/insights/:insightId", tags: ["insights"] })
    .use(effectPlugin(runtime))
    .get(
      "/versions",
      ({ headers, params, query: { cursor: before, limit = DEFAULT_PAGE }, run }) =>
        run(
          VersionList,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            const insights = yield* Insights
            const page = { before, limit }
            const { items, nextCursor } = yield* insights.versions(
              projectId,
              params.insightId,
              page
            )
            return { versions: items, nextCursor }
          })
        ),
      {
        params: received(InsightParams),
        query: received(VersionPage),
        response: { 200: sent(VersionList), 404: sent(InsightNotFound), ...refusals },
        detail: {
          summary: "List the versions of an insight, newest first",
          description: "A version never changes. The newest hundred are kept.",
          security
        }
      }
    )
    .post(
      "/restore",
      ({ body, headers, params, run }) =>
        run(
          Insight,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            const insights = yield* Insights
            return yield* insights.restore(asking, params.insightId, body.version)
          })
        ),
      {
        params: received(InsightParams),
        body: received(RestoredVersion),
        response: {
          200: sent(Insight),
          404: sent(InsightNotFound),
          409: sent(InsightChanged),
          ...refusals
        },
        detail: {
          summary: "Make a new version that says what an earlier one said",
          security
        }
      }
    )
    .post(
      "/result",
      ({ body, headers, params, run }) =>
        run(
          InsightAnswer,
          Effect.gen(function* () {
            const asking = yield* reading(headers["authorization"])
            const insights = yield* Insights
            const overrides = yield* readOverrides(body)
            return yield* insights.result(asking, params.insightId, overrides, false)
          })
        ),
      {
        params: received(InsightParams),
        response: {
          200: sent(InsightAnswer),
          404: sent(InsightNotFound),
          ...queryRefusals,
          ...refusals
        },
        detail: {
          summary: "Answer an insight",
          description:
            "What the body says goes before what its query says; `filters` hold besides its own. A field that the query's kind does not have is refused. A kept answer is given when it is still what would be computed, unless `fresh`.",
          security,
          requestBody: bodyOf(ResultOverrides, resultExample)
        }
      }
    )
