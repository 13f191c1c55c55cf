import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireService } from "../keys/requireService.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { HistoryRepo } from "./HistoryRepo.ts"

const Asked = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

const Answer = Schema.Struct({
  changedAt: Schema.NullOr(Schema.DateFromString).annotate({
    description:
      "Answers as of earlier moments lack what was erased or has expired since; null: none do"
  })
})

/** `/internal/v1/history`, for services that know `SERVICE_KEY`. */
export const historyRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | HistoryRepo | AccessConfig, ER>
) =>
  new Elysia({ prefix: "/internal/v1/history", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers: { authorization }, query, run }) =>
        run(
          Answer,
          Effect.gen(function* () {
            yield* requireService(authorization)
            return { changedAt: yield* (yield* HistoryRepo).changedAt(query.projectId) }
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
          summary: "Since when answers of a project repeat (service key)",
          security: [{ key: [] }]
        }
      }
    )
