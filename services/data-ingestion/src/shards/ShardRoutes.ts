import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { fromAuthorization, sameKey } from "@analytics/api-common/BearerKey"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { received, sent } from "@analytics/api-common/WireSchema"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Option, Schema } from "effect"
import { Elysia } from "elysia"
import { LogOffsets } from "../log/LogOffsets.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { ShardRepo, type ShardState } from "./ShardRepo.ts"

/** Each shard is a connection, and commits and posts of its own. */
const MOST_SHARDS = 64

const Asked = Schema.Struct({
  shards: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MOST_SHARDS }))
})

const State = Schema.Struct({
  version: Schema.Int,
  shards: Schema.Array(
    Schema.Struct({
      shard: Schema.Int,
      virtualShards: Schema.Int,
      owner: Schema.NullOr(Schema.String),
      epoch: Schema.Int,
      waiting: Schema.Int,
      arriving: Schema.Int
    })
  ),
  log: Schema.Struct({
    kind: Schema.Literals(["postgres", "kafka"]),
    waiting: Schema.Int,
    lost: Schema.Int
  })
})

export type ShardServices = ShardRepo | LogOffsets | AccessConfig

const responses = {
  200: sent(State),
  401: sent(Unauthorized),
  503: sent(StoreUnavailable)
}
const security = [{ key: [] }]

/** `/internal/v1/shards`, for whoever has `ADMIN_KEY`. */
export const shardRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ShardServices, ER>
) =>
  new Elysia({ prefix: "/internal/v1/shards", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .use(jsonBody())
    .get(
      "",
      ({ headers: { authorization }, run }) =>
        run(
          State,
          Effect.gen(function* () {
            yield* requireAdmin(authorization)
            return yield* withLog((yield* ShardRepo).state)
          })
        ),
      {
        response: responses,
        detail: {
          summary: "How messages are spread over loaders (admin key)",
          security
        }
      }
    )
    .put(
      "",
      ({ body, headers: { authorization }, run }) =>
        run(
          State,
          Effect.gen(function* () {
            yield* requireAdmin(authorization)
            return yield* withLog((yield* ShardRepo).divide(body.shards))
          })
        ),
      {
        body: received(Asked),
        response: responses,
        detail: {
          summary: "Spread messages over so many shards, while events flow (admin key)",
          security
        }
      }
    )

/** What waits before the inbox, and what in it. */
const withLog = Effect.fnUntraced(function* (
  changed: Effect.Effect<ShardState, StoreUnavailable>
) {
  const state = yield* changed
  return { ...state, log: yield* (yield* LogOffsets).state }
})

const requireAdmin = Effect.fnUntraced(function* (authorization: string | undefined) {
  const { adminKey } = yield* AccessConfig
  const key = fromAuthorization(authorization)
  if (Option.isNone(key) || !sameKey(key.value, adminKey))
    return yield* new Unauthorized({ detail: "Send ADMIN_KEY as a bearer key." })
})
