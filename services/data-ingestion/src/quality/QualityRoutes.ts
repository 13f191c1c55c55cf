import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { Accounting } from "../accounting/Accounting.ts"
import { requireService } from "../keys/requireService.ts"
import { QuarantineRepo } from "../quarantine/QuarantineRepo.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { ViolationRepo } from "../violations/ViolationRepo.ts"

const Asked = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

const Answer = Schema.Struct({
  accounting: Schema.Struct({
    accepted: Schema.Int,
    stored: Schema.Int,
    duplicate: Schema.Int,
    quarantined: Schema.Int,
    dropped: Schema.Record(Schema.String, Schema.Int),
    erased: Schema.Int,
    expired: Schema.Int,
    pending: Schema.Int,
    balanced: Schema.Boolean
  }),
  quarantine: Schema.Array(
    Schema.Struct({
      reason: Schema.String,
      events: Schema.Int,
      lastReceivedAt: Schema.DateFromString
    })
  ).annotate({ description: "What is kept aside, by reason" }),
  violations: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      property: Schema.String,
      problem: Schema.String,
      events: Schema.Int,
      lastSeenAt: Schema.DateFromString
    })
  ).annotate({ description: "What does not fit the project's schema" })
})

export type QualityServices = Accounting | QuarantineRepo | ViolationRepo | AccessConfig

/** `/internal/v1/quality`: what a report on the data of a project is made of. */
export const qualityRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | QualityServices, ER>
) =>
  new Elysia({ prefix: "/internal/v1/quality", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers: { authorization }, query: { projectId }, run }) =>
        run(
          Answer,
          Effect.gen(function* () {
            yield* requireService(authorization)
            const accounting = yield* (yield* Accounting).of(projectId)
            const quarantine = yield* (yield* QuarantineRepo).reasons(projectId)
            const violations = yield* (yield* ViolationRepo).of(projectId)
            return { accounting, quarantine, violations }
          })
        ),
      {
        query: received(Asked),
        response: {
          200: sent(Answer),
          401: sent(Unauthorized),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "Accounting, quarantine and violations of a project (service key)",
          security: [{ key: [] }]
        }
      }
    )
