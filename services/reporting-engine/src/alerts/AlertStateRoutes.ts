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
import { AlertAnswer, EvaluationList, NoticeList } from "./AlertAnswers.ts"
import { AlertConflict, AlertNotFound } from "./AlertProblems.ts"
import { Alerts } from "./Alerts.ts"
import { AlertParams, History, Listing, Mute } from "./alertRequests.ts"

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  404: sent(AlertNotFound),
  422: sent(ProjectMissing),
  503: sent(Schema.Union([ReportsUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

/** How an alert is, was, and is quietened. */
export const alertStateRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Alerts, ER>
) =>
  new Elysia({ prefix: "/v1/alerts/:alertId", tags: ["alerts"] })
    .use(effectPlugin(runtime))
    .post(
      "/pause",
      ({ headers, params, query, run }) =>
        run(
          AlertAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Alerts).pause(asker, params.alertId)
          })
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        response: { 200: sent(AlertAnswer), ...refusals },
        detail: { summary: "Pause an alert", security }
      }
    )
    .post(
      "/resume",
      ({ headers, params, query, run }) =>
        run(
          AlertAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Alerts).resume(asker, params.alertId)
          })
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        response: { 200: sent(AlertAnswer), ...refusals },
        detail: {
          summary: "Resume an alert",
          description:
            "It goes on with the bucket that is open now; those of the pause are not judged.",
          security
        }
      }
    )
    .post(
      "/mute",
      ({ body, headers, params, query, run }) =>
        run(
          AlertAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            const until = body.until === null ? null : Date.parse(body.until)
            return yield* (yield* Alerts).mute(asker, params.alertId, until)
          })
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        body: received(Mute),
        response: { 200: sent(AlertAnswer), ...refusals },
        detail: {
          summary: "Say nothing until then",
          description:
            "Buckets are judged all the same. What still fires after it is told with the next bucket.",
          security
        }
      }
    )
    .post(
      "/acknowledge",
      ({ headers, params, query, run }) =>
        run(
          AlertAnswer,
          Effect.gen(function* () {
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Alerts).acknowledge(asker, params.alertId)
          })
        ),
      {
        params: received(AlertParams),
        query: received(ProjectQuery),
        response: { 200: sent(AlertAnswer), 409: sent(AlertConflict), ...refusals },
        detail: {
          summary: "Say that somebody looks after it",
          description: "Until it is over. 409 when it does not fire.",
          security
        }
      }
    )
    .get(
      "/evaluations",
      ({ headers, params, query, run }) =>
        run(
          EvaluationList,
          Effect.gen(function* () {
            const { cursor, limit = 100, projectId } = query
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              projectId
            )
            const after = cursor === undefined ? undefined : Date.parse(cursor)
            return yield* (yield* Alerts).evaluations(asker, params.alertId, {
              after,
              limit
            })
          })
        ),
      {
        params: received(AlertParams),
        query: received(History),
        response: { 200: sent(EvaluationList), ...refusals },
        detail: {
          summary: "What each bucket was judged to be, newest first",
          description:
            "A bucket that late data changed says so, and what was judged before. One of the verdict `skipped` stands for all buckets of an outage that were not made up for.",
          security
        }
      }
    )
    .get(
      "/notices",
      ({ headers, params, query, run }) =>
        run(
          NoticeList,
          Effect.gen(function* () {
            const { cursor: after, limit = 100, projectId } = query
            const asker = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              projectId
            )
            return yield* (yield* Alerts).notices(asker, params.alertId, {
              after,
              limit
            })
          })
        ),
      {
        params: received(AlertParams),
        query: received(Listing),
        response: { 200: sent(NoticeList), ...refusals },
        detail: {
          summary: "What was told, newest first, and what is held until later",
          security
        }
      }
    )
