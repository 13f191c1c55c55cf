import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { unhurried } from "@analytics/api-common/unhurried"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { serving, TargetProject } from "../insights/asking.ts"
import { bodyOf, queryRefusals, refusals, security } from "../insights/insightWire.ts"
import { DEFAULT_PAGE } from "../insights/Page.ts"
import {
  ResultOverrides,
  readOverrides,
  resultExample
} from "../insights/ResultOverrides.ts"
import { ProjectNotFound } from "../projects/Project.ts"
import type { Projects } from "../projects/Projects.ts"
import { Dashboard, DashboardNotFound } from "./Dashboard.ts"
import { DashboardResult } from "./DashboardResult.ts"
import { DashboardResults } from "./DashboardResults.ts"
import { Dashboards } from "./Dashboards.ts"
import { DashboardList, DashboardPage, DashboardParams } from "./dashboardWire.ts"

const TargetPage = Schema.Struct({ ...TargetProject.fields, ...DashboardPage.fields })

const missing = sent(Schema.Union([DashboardNotFound, ProjectNotFound]))
const internalRefusals = { 401: sent(Unauthorized), 503: refusals[503] }

/** What other services of the installation ask about dashboards of a project. */
export const internalDashboardsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<
    R | Auth | DashboardResults | Dashboards | Projects,
    ER
  >
) =>
  new Elysia({ prefix: "/internal/v1/dashboards", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query: { cursor: after, limit = DEFAULT_PAGE, projectId }, run }) =>
        run(
          DashboardList,
          Effect.gen(function* () {
            const target = yield* serving(headers["authorization"], projectId)
            const dashboards = yield* Dashboards
            const page = yield* dashboards.list(target.projectId, { after, limit })
            return { dashboards: page.items, nextCursor: page.nextCursor }
          })
        ),
      {
        query: received(TargetPage),
        response: {
          200: sent(DashboardList),
          404: sent(ProjectNotFound),
          ...internalRefusals
        },
        detail: { summary: "List the dashboards of a project (service key)", security }
      }
    )
    .get(
      "/:dashboardId",
      ({ headers, params, query, run }) =>
        run(
          Dashboard,
          Effect.gen(function* () {
            const target = yield* serving(headers["authorization"], query.projectId)
            return yield* (yield* Dashboards).get(target.projectId, params.dashboardId)
          })
        ),
      {
        params: received(DashboardParams),
        query: received(TargetProject),
        response: { 200: sent(Dashboard), 404: missing, ...internalRefusals },
        detail: { summary: "Read a dashboard of a project (service key)", security }
      }
    )
    .post(
      "/:dashboardId/result",
      ({ body, headers, params, query, run }) =>
        run(
          DashboardResult,
          Effect.gen(function* () {
            const target = yield* serving(headers["authorization"], query.projectId)
            const results = yield* DashboardResults
            const overrides = yield* readOverrides(body)
            return yield* results.result(target, params.dashboardId, overrides, true)
          })
        ),
      {
        beforeHandle: unhurried,
        params: received(DashboardParams),
        query: received(TargetProject),
        response: {
          200: sent(DashboardResult),
          404: missing,
          ...queryRefusals,
          ...internalRefusals
        },
        detail: {
          summary: "Answer all tiles of a dashboard of a project (service key)",
          description:
            "As `POST /v1/dashboards/{dashboardId}/result`; each tile has the time of `Prefer: respond-async`.",
          security,
          requestBody: bodyOf(ResultOverrides, resultExample)
        }
      }
    )
