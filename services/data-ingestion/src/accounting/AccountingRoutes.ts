import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { KeyRing } from "../keys/KeyRing.ts"
import { projectOf } from "../keys/SecretAccess.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { Accounting } from "./Accounting.ts"

const Account = Schema.Struct({
  accepted: Schema.Int,
  stored: Schema.Int,
  duplicate: Schema.Int,
  quarantined: Schema.Int,
  dropped: Schema.Record(Schema.String, Schema.Int),
  erased: Schema.Int,
  expired: Schema.Int,
  pending: Schema.Int,
  balanced: Schema.Boolean
}).annotate({
  examples: [
    {
      accepted: 1204,
      stored: 1190,
      duplicate: 9,
      quarantined: 2,
      dropped: {},
      erased: 0,
      expired: 0,
      pending: 3,
      balanced: true
    }
  ]
})

/** `GET /v1/accounting`: where every acknowledged event of the key's project is. */
export const accountingRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Accounting | KeyRing, ER>
) =>
  new Elysia({ tags: ["accounting"] })
    .use(effectPlugin(runtime))
    .get(
      "/v1/accounting",
      ({ headers: { authorization }, run }) => run(Account, account(authorization)),
      {
        response: {
          200: sent(Account),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "What became of every acknowledged event",
          security: [{ key: [] }]
        }
      }
    )

const account = Effect.fnUntraced(function* (authorization: string | undefined) {
  const projectId = yield* projectOf(authorization)
  const accounting = yield* Accounting
  return yield* accounting.of(projectId)
})
