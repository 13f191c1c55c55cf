import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireService } from "../keys/requireService.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { HoldRepo } from "./HoldRepo.ts"

const HoldId = Schema.String.check(Schema.isUUID())

const Taken = Schema.Struct({
  id: HoldId,
  knownAt: Schema.DateFromString.annotate({
    description: "Above every watermark that was told; the watermark stays below it"
  })
})

const Released = Schema.Struct({
  held: Schema.Boolean.annotate({
    description: "Whether the watermark stayed below it all along, 30 seconds at most"
  })
})

export type HoldServices = HoldRepo | AccessConfig

const refusals = { 401: sent(Unauthorized), 503: sent(StoreUnavailable) }
const security = [{ key: [] }]

/** `/internal/v1/watermark/holds`, for services that know `SERVICE_KEY`. */
export const holdRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | HoldServices, ER>
) =>
  new Elysia({ prefix: "/internal/v1/watermark/holds", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ headers: { authorization }, run }) =>
        run(
          Taken,
          Effect.gen(function* () {
            yield* requireService(authorization)
            return yield* (yield* HoldRepo).take
          }),
          201
        ),
      {
        response: { 201: sent(Taken), ...refusals },
        detail: {
          summary: "Keep the watermark below a change to come (service key)",
          security
        }
      }
    )
    .delete(
      "/:holdId",
      ({ headers: { authorization }, params: { holdId }, run }) =>
        run(
          Released,
          Effect.gen(function* () {
            yield* requireService(authorization)
            return { held: yield* (yield* HoldRepo).release(holdId) }
          })
        ),
      {
        params: received(Schema.Struct({ holdId: HoldId })),
        response: { 200: sent(Released), ...refusals },
        detail: { summary: "Let the watermark go on (service key)", security }
      }
    )
