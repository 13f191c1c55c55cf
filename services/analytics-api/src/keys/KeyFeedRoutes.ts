import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, Option, Schema } from "effect"
import { Elysia } from "elysia"
import type { AppRuntime } from "../App.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { KeyFeedRepo } from "./KeyFeedRepo.ts"
import { KeyChanges, KeyHash, KeyUse, PublishedKey } from "./PublishedKey.ts"

/** One answer stays under 2 MB; the next question continues where it ended. */
const pageSize = 5000
const maxUses = 10_000

const Question = Schema.Struct({
  since: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  used: Schema.optionalKey(Schema.Array(KeyUse).check(Schema.isMaxLength(maxUses)))
})

const Lookup = Schema.Struct({ hash: KeyHash })
const Found = Schema.Struct({ key: Schema.NullOr(PublishedKey) })

const refusals = { 401: sent(Unauthorized), 503: sent(ControlUnavailable) }
const security = [{ key: [] }]

/** What the other services of the installation ask about keys. */
export const keyFeedRoutes = (runtime: AppRuntime) =>
  new Elysia({ prefix: "/internal/v1/keys", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .post(
      "/changes",
      ({ body, headers, run }) =>
        run(
          KeyChanges,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            const feed = yield* KeyFeedRepo
            if (body.used?.length) yield* feed.markUsed(body.used)
            return yield* feed.changedSince(body.since, pageSize)
          })
        ),
      {
        body: received(Question),
        response: { 200: sent(KeyChanges), ...refusals },
        detail: {
          summary: "Keys that changed after a revision (service key)",
          security
        }
      }
    )
    .post(
      "/lookup",
      ({ body, headers, run }) =>
        run(
          Found,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            const feed = yield* KeyFeedRepo
            return { key: Option.getOrNull(yield* feed.byHash(body.hash)) }
          })
        ),
      {
        body: received(Lookup),
        response: { 200: sent(Found), ...refusals },
        detail: { summary: "The key with this hash (service key)", security }
      }
    )
