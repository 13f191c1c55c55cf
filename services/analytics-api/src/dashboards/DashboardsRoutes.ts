import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { keeping, reading } from "../insights/asking.ts"
import { bodyOf, queryRefusals, refusals, security } from "../insights/insightWire.ts"
import { DEFAULT_PAGE } from "../insights/Page.ts"
import {
  Dashboard,
  DashboardChange,
  DashboardChanged,
  DashboardNotFound,
  NewDashboard,
  TooManyDashboards
} from "./Dashboard.ts"
import { Dashboards } from "./Dashboards.ts"
import {
  DashboardList,
  DashboardPage,
  DashboardParams,
  dashboardExample
} from "./dashboardWire.ts"

/** `/v1/dashboards`: insights and texts beside each other. */
export const dashboardsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Dashboards, ER>
) =>
  new Elysia({ prefix: "/v1/dashboards", tags: ["dashboards"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          Dashboard,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            return yield* (yield* Dashboards).create(asking, body)
          }),
          201
        ),
      {
        response: {
          201: sent(Dashboard),
          409: sent(TooManyDashboards),
          ...queryRefusals,
          ...refusals
        },
        detail: {
          summary: "Create a dashboard",
          description:
            "A tile is `{insight}` or `{markdown}`, 1 to 12 columns wide (6), in the order of the page; at most 50. `range` (a name, or `{from, to}`), `timezone` and `filters` are those of all tiles; `null` leaves each its own.",
          security,
          requestBody: bodyOf(NewDashboard, dashboardExample)
        }
      }
    )
    .get(
      "",
      ({ headers, query: { cursor: after, limit = DEFAULT_PAGE }, run }) =>
        run(
          DashboardList,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            const page = yield* (yield* Dashboards).list(projectId, { after, limit })
            return { dashboards: page.items, nextCursor: page.nextCursor }
          })
        ),
      {
        query: received(DashboardPage),
        response: { 200: sent(DashboardList), ...refusals },
        detail: { summary: "List the dashboards, oldest first", security }
      }
    )
    .get(
      "/:dashboardId",
      ({ headers, params, run }) =>
        run(
          Dashboard,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            return yield* (yield* Dashboards).get(projectId, params.dashboardId)
          })
        ),
      {
        params: received(DashboardParams),
        response: { 200: sent(Dashboard), 404: sent(DashboardNotFound), ...refusals },
        detail: { summary: "Read a dashboard", security }
      }
    )
    .patch(
      "/:dashboardId",
      ({ body, headers, params, run }) =>
        run(
          Dashboard,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            return yield* (yield* Dashboards).change(asking, params.dashboardId, body)
          })
        ),
      {
        params: received(DashboardParams),
        response: {
          200: sent(Dashboard),
          404: sent(DashboardNotFound),
          409: sent(DashboardChanged),
          ...queryRefusals,
          ...refusals
        },
        detail: {
          summary: "Change a dashboard",
          description:
            "`version` is the one that is changed; 409 if another is the newest. `tiles` are all of them in their new order: one without `id` is new, so a copy is the same tile again without it.",
          security,
          requestBody: bodyOf(DashboardChange, { version: 1, range: "last_7d" })
        }
      }
    )
    .delete(
      "/:dashboardId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const { projectId } = yield* keeping(headers["authorization"])
            yield* (yield* Dashboards).remove(projectId, params.dashboardId)
          }),
          204
        ),
      {
        params: received(DashboardParams),
        response: {
          204: sent(Schema.Void),
          404: sent(DashboardNotFound),
          ...refusals
        },
        detail: { summary: "Delete a dashboard; its insights stay", security }
      }
    )
