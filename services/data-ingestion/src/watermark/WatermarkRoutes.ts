import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireService } from "../keys/requireService.ts"
import { Watermark } from "./Watermark.ts"
import { WatermarkUnavailable } from "./WatermarkUnavailable.ts"

const Answer = Schema.Struct({
  watermark: Schema.DateFromString,
  ingestLagMs: Schema.Number,
  removing: Schema.NullOr(Schema.Array(Schema.Int)).annotate({
    description:
      "Projects of which something is being erased or expires; null: too many to list"
  })
})

export type WatermarkServices = Watermark | AccessConfig

/** `GET /internal/v1/watermark`, for services that know `SERVICE_KEY`. */
export const watermarkRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | WatermarkServices, ER>
) =>
  new Elysia({ tags: ["internal"] })
    .use(effectPlugin(runtime))
    .get(
      "/internal/v1/watermark",
      ({ run, headers: { authorization } }) => run(Answer, answer(authorization)),
      {
        response: {
          200: sent(Answer),
          401: sent(Unauthorized),
          503: sent(WatermarkUnavailable)
        },
        detail: {
          summary: "Up to which instant everything is stored (service key)",
          security: [{ key: [] }]
        }
      }
    )

const answer = Effect.fnUntraced(function* (authorization: string | undefined) {
  yield* requireService(authorization)
  const watermark = yield* Watermark
  return yield* watermark.current
})
