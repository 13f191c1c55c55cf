import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { unhurried } from "@analytics/api-common/unhurried"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { ProjectNotFound } from "../projects/Project.ts"
import type { Projects } from "../projects/Projects.ts"
import { serving, TargetProject } from "./asking.ts"
import { Insight, InsightNotFound } from "./Insight.ts"
import { Insights } from "./Insights.ts"
import {
  bodyOf,
  InsightAnswer,
  InsightList,
  InsightPage,
  InsightParams,
  queryRefusals,
  refusals,
  security
} from "./insightWire.ts"
import { DEFAULT_PAGE } from "./Page.ts"
import { ResultOverrides, readOverrides, resultExample } from "./ResultOverrides.ts"

const TargetPage = Schema.Struct({ ...TargetProject.fields, ...InsightPage.fields })

const missing = sent(Schema.Union([InsightNotFound, ProjectNotFound]))
const internalRefusals = { 401: sent(Unauthorized), 503: refusals[503] }

/** What other services of the installation ask about insights of a project. */
export const internalInsightsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Insights | Projects, ER>
) =>
  new Elysia({ prefix: "/internal/v1/insights", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query: { cursor: after, limit = DEFAULT_PAGE, projectId }, run }) =>
        run(
          InsightList,
          Effect.gen(function* () {
            const target = yield* serving(headers["authorization"], projectId)
            const insights = yield* Insights
            const page = yield* insights.list(target.projectId, { after, limit })
            return { insights: page.items, nextCursor: page.nextCursor }
          })
        ),
      {
        query: received(TargetPage),
        response: {
          200: sent(InsightList),
          404: sent(ProjectNotFound),
          ...internalRefusals
        },
        detail: { summary: "List the insights of a project (service key)", security }
      }
    )
    .get(
      "/:insightId",
      ({ headers, params, query, run }) =>
        run(
          Insight,
          Effect.gen(function* () {
            const target = yield* serving(headers["authorization"], query.projectId)
            return yield* (yield* Insights).get(target.projectId, params.insightId)
          })
        ),
      {
        params: received(InsightParams),
        query: received(TargetProject),
        response: { 200: sent(Insight), 404: missing, ...internalRefusals },
        detail: { summary: "Read an insight of a project (service key)", security }
      }
    )
    .post(
      "/:insightId/result",
      ({ body, headers, params, query, run }) =>
        run(
          InsightAnswer,
          Effect.gen(function* () {
            const target = yield* serving(headers["authorization"], query.projectId)
            const insights = yield* Insights
            const overrides = yield* readOverrides(body)
            return yield* insights.result(target, params.insightId, overrides, true)
          })
        ),
      {
        beforeHandle: unhurried,
        params: received(InsightParams),
        query: received(TargetProject),
        response: {
          200: sent(InsightAnswer),
          404: missing,
          ...queryRefusals,
          ...internalRefusals
        },
        detail: {
          summary: "Answer an insight of a project (service key)",
          description:
            "As `POST /v1/insights/{insightId}/result`, with the time of `Prefer: respond-async`.",
          security,
          requestBody: bodyOf(ResultOverrides, resultExample)
        }
      }
    )
