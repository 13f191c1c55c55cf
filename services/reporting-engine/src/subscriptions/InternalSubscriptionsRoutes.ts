import { Forbidden } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { changing } from "../access/ProjectQuery.ts"
import { refusals, security } from "../access/refusals.ts"
import { Instant } from "./Instant.ts"
import { SubscriptionId } from "./Subscription.ts"
import { JobAnswer, SubscriptionRuns } from "./SubscriptionRuns.ts"

const Body = Schema.Struct({
  projectId: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })),
  scheduledFor: Instant,
  jobId: Schema.String.check(Schema.isUUID()),
  jobRun: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 }))
})

/** `/internal/v1/subscriptions`: what the jobs of batch-processor ask. */
export const internalSubscriptionsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | SubscriptionRuns, ER>
) =>
  new Elysia({ prefix: "/internal/v1/subscriptions", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .post(
      "/:subscriptionId/runs",
      ({ body, headers, params, run }) =>
        run(
          JobAnswer,
          Effect.gen(function* () {
            const { actor } = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              body.projectId
            )
            if (actor !== "service")
              return yield* new Forbidden({
                detail: "Only services of the installation ask here."
              })
            return yield* (yield* SubscriptionRuns).ask(params.subscriptionId, {
              projectId: body.projectId,
              scheduledFor: new Date(body.scheduledFor),
              jobRun: body.jobRun
            })
          })
        ),
      {
        params: received(Schema.Struct({ subscriptionId: SubscriptionId })),
        body: received(Body),
        response: { 200: sent(JobAnswer), ...refusals },
        detail: {
          summary: "Make and send what is due",
          description:
            "Asked until it is done: the same `scheduledFor` is the same run. Another `jobRun` begins one anew that failed.",
          security
        }
      }
    )
