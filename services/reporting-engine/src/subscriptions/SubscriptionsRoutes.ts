import { Auth } from "@analytics/api-common/access/Auth"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import {
  changing,
  ProjectQuery,
  projectQuery,
  reading
} from "../access/ProjectQuery.ts"
import { refusals, security } from "../access/refusals.ts"
import { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import {
  NewSubscription,
  SubscriptionAnswer,
  SubscriptionChange,
  SubscriptionConflict,
  SubscriptionId,
  SubscriptionInvalid,
  SubscriptionNotFound
} from "./Subscription.ts"
import { Subscriptions } from "./Subscriptions.ts"

const Params = Schema.Struct({ subscriptionId: SubscriptionId })
const Paged = Schema.Struct({
  ...projectQuery,
  cursor: Schema.optionalKey(SubscriptionId).annotate({
    description: "nextCursor of the page before"
  }),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 1000 })
    )
  )
})
const List = Schema.Struct({
  subscriptions: Schema.Array(SubscriptionAnswer),
  nextCursor: Schema.NullOr(Schema.String)
})
const invalid = {
  422: sent(Schema.Union([SubscriptionInvalid, ReportInvalid, ProjectMissing]))
}

/** `/v1/subscriptions`: reports that come again, and to whom. */
export const subscriptionsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Subscriptions, ER>
) =>
  new Elysia({ prefix: "/v1/subscriptions", tags: ["subscriptions"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, query, run }) =>
        run(
          SubscriptionAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            return yield* (yield* Subscriptions).create(access, body)
          }),
          201
        ),
      {
        body: received(NewSubscription),
        query: received(ProjectQuery),
        response: {
          201: sent(SubscriptionAnswer),
          409: sent(SubscriptionConflict),
          ...refusals,
          ...invalid
        },
        detail: {
          summary: "Subscribe destinations to a report",
          description:
            "`schedule` is a cron expression, or days and a time, in `timezone`. The report is made as of each time, once its data is complete or `waitSeconds` are over.",
          security
        }
      }
    )
    .get(
      "",
      ({ headers, query: { cursor: after, limit = 100, projectId }, run }) =>
        run(
          List,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, reading, projectId)
            const subscriptions = yield* Subscriptions
            return yield* subscriptions.list(access.projectId, { after, limit })
          })
        ),
      {
        query: received(Paged),
        response: { 200: sent(List), ...refusals },
        detail: { summary: "List the subscriptions, oldest first", security }
      }
    )
    .get(
      "/:subscriptionId",
      ({ headers, params, query, run }) =>
        run(
          SubscriptionAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, reading, query.projectId)
            const subscriptions = yield* Subscriptions
            return yield* subscriptions.get(access.projectId, params.subscriptionId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          200: sent(SubscriptionAnswer),
          404: sent(SubscriptionNotFound),
          ...refusals
        },
        detail: { summary: "Read a subscription", security }
      }
    )
    .patch(
      "/:subscriptionId",
      ({ body, headers, params, query, run }) =>
        run(
          SubscriptionAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            return yield* (yield* Subscriptions).change(
              access.projectId,
              params.subscriptionId,
              body
            )
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        body: received(SubscriptionChange),
        response: {
          200: sent(SubscriptionAnswer),
          404: sent(SubscriptionNotFound),
          409: sent(SubscriptionConflict),
          ...refusals,
          ...invalid
        },
        detail: {
          summary: "Change a subscription",
          description:
            "With other times it goes on from now; paused it is not made up for.",
          security
        }
      }
    )
    .delete(
      "/:subscriptionId",
      ({ headers, params, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            const subscriptions = yield* Subscriptions
            yield* subscriptions.remove(access.projectId, params.subscriptionId)
          }),
          204
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          204: sent(Schema.Void),
          404: sent(SubscriptionNotFound),
          ...refusals
        },
        detail: {
          summary: "Delete a subscription",
          description: "What it sent stays in the ledger.",
          security
        }
      }
    )
