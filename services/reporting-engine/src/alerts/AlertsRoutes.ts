import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { changing, ProjectQuery, reading } from "../access/ProjectQuery.ts"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { AlertAnswer, AlertList, CreatedAlert } from "./AlertAnswers.ts"
import { AlertChange, NewAlert } from "./AlertDefinition.ts"
import {
  AlertConflict,
  AlertInvalid,
  AlertNotFound,
  EvidenceUnavailable
} from "./AlertProblems.ts"
import { Alerts } from "./Alerts.ts"
import { AlertParams, Backtest, Listing } from "./alertRequests.ts"
import { BacktestAnswer } from "./Backtest.ts"

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  422: sent(Schema.Union([AlertInvalid, ProjectMissing])),
  503: sent(Schema.Union([ReportsUnavailable, EvidenceUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

const description =
  "Watches one line of an insight, or of a query, bucket by bucket: each is judged once, when everything sent until its end (and the grace) is stored. Late data is judged anew for `reviseSeconds`. The answer holds what it would have said of the last 30 buckets."

/** `/v1/alerts`: what is watched. */
export const alertsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Alerts, ER>
) =>
  new Elysia({ prefix: "/v1/alerts", tags: ["alerts"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, query, run }) =>
        run(
          CreatedAlert,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Alerts).create(asker, body)
          }),
          201
        ),
      {
        body: received(NewAlert),
        query: received(ProjectQuery),
        response: { 201: sent(CreatedAlert), 409: sent(AlertConflict), ...refusals },
        detail: { summary: "Create an alert", description, security }
      }
    )
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          AlertList,
          Effect.gen(function* () {
            const { cursor: after, limit = 100, projectId } = query
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              projectId
            )
            return yield* (yield* Alerts).list(asker, { after, limit })
          })
        ),
      {
        query: received(Listing),
        response: { 200: sent(AlertList), ...refusals },
        detail: { summary: "List the alerts, oldest first", security }
      }
    )
    .post(
      "/backtest",
      ({ body, headers, query, run }) =>
        run(
          BacktestAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            const { alert, from, to } = body
            return yield* (yield* Alerts).backtest(
              asker,
              alert,
              Date.parse(from),
              Date.parse(to)
            )
          })
        ),
      {
        body: received(Backtest),
        query: received(ProjectQuery),
        response: { 200: sent(BacktestAnswer), ...refusals },
        detail: {
          summary: "Say what an alert would have said",
          description:
            "By the same rules that judge what comes; nothing is kept. At most 1,000 complete buckets of `[from, to)`, 200 of an anomaly.",
          security
        }
      }
    )
    .get(
      "/:alertId",
      ({ headers, params, query, run }) =>
        run(
          AlertAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            return yield* (yield* Alerts).get(asker, params.alertId)
          })
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        response: { 200: sent(AlertAnswer), 404: sent(AlertNotFound), ...refusals },
        detail: { summary: "Read an alert, and how it is", security }
      }
    )
    .patch(
      "/:alertId",
      ({ body, headers, params, query, run }) =>
        run(
          AlertAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Alerts).change(asker, params.alertId, body)
          })
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        body: received(AlertChange),
        response: {
          200: sent(AlertAnswer),
          404: sent(AlertNotFound),
          409: sent(AlertConflict),
          ...refusals
        },
        detail: {
          summary: "Change an alert",
          description:
            "Holds for the buckets that are not judged yet; with another interval or time zone it goes on with the bucket that is open now.",
          security
        }
      }
    )
    .delete(
      "/:alertId",
      ({ headers, params, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            yield* (yield* Alerts).remove(asker, params.alertId)
          }),
          204
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        response: { 204: sent(Schema.Void), 404: sent(AlertNotFound), ...refusals },
        detail: {
          summary: "Delete an alert",
          description: "With its history, and notices that were not sent yet.",
          security
        }
      }
    )
