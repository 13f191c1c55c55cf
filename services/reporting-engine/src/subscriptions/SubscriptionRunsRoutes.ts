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
import { Instant } from "./Instant.ts"
import { SubscriptionId, SubscriptionNotFound } from "./Subscription.ts"
import { RunNotDue, SubscriptionRunAnswer } from "./SubscriptionRun.ts"
import { SubscriptionRuns } from "./SubscriptionRuns.ts"

const Params = Schema.Struct({ subscriptionId: SubscriptionId })
const SendBody = Schema.NullOr(
  Schema.Struct({
    scheduledFor: Schema.optionalKey(Instant).annotate({
      description:
        "As of when, and once: the same instant again is the same run. Without it now"
    })
  })
)
const Paged = Schema.Struct({
  ...projectQuery,
  cursor: Schema.optionalKey(Instant).annotate({
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
  runs: Schema.Array(SubscriptionRunAnswer),
  nextCursor: Schema.NullOr(Schema.DateFromString)
})

/** `/v1/subscriptions/{id}/runs` and `…/send`: the times at which one was due. */
export const subscriptionRunsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | SubscriptionRuns, ER>
) =>
  new Elysia({
    prefix: "/v1/subscriptions/:subscriptionId",
    tags: ["subscriptions"]
  })
    .use(effectPlugin(runtime))
    .post(
      "/send",
      ({ body, headers, params, query, run }) =>
        run(
          SubscriptionRunAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const { actor, projectId } = yield* auth.ofProject(
              key,
              changing,
              query.projectId
            )
            const at = body?.scheduledFor
            return yield* (yield* SubscriptionRuns).send(
              projectId,
              params.subscriptionId,
              actor,
              at === undefined ? undefined : new Date(at)
            )
          }),
          202
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        body: received(SendBody),
        response: {
          202: sent(SubscriptionRunAnswer),
          404: sent(SubscriptionNotFound),
          ...refusals,
          422: sent(Schema.Union([RunNotDue, ProjectMissing]))
        },
        detail: {
          summary: "Send it now",
          description:
            "Beside its times, also while it is paused. With the time of a run that failed it is tried again.",
          security
        }
      }
    )
    .get(
      "/runs",
      ({ headers, params, query: { cursor, limit = 100, projectId }, run }) =>
        run(
          List,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, reading, projectId)
            const runs = yield* SubscriptionRuns
            const before = cursor === undefined ? undefined : new Date(cursor)
            return yield* runs.page(access.projectId, params.subscriptionId, {
              before,
              limit
            })
          })
        ),
      {
        params: received(Params),
        query: received(Paged),
        response: { 200: sent(List), 404: sent(SubscriptionNotFound), ...refusals },
        detail: {
          summary: "List the times at which it was due, newest first",
          description: "Each with what became of it; `about` names its deliveries.",
          security
        }
      }
    )
