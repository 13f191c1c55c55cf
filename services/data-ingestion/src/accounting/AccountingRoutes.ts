import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { fromAuthorization, sameKey } from "@analytics/api-common/BearerKey"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Option, Schema } from "effect"
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

const Asked = Schema.Struct({
  projectId: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[1-9][0-9]{0,9}$/u)).annotate({
      description: "With the admin key: of this project, deleted or not."
    })
  )
})

/** `GET /v1/accounting`: where every acknowledged event of the key's project is. */
export const accountingRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Accounting | KeyRing | AccessConfig, ER>
) =>
  new Elysia({ tags: ["accounting"] })
    .use(effectPlugin(runtime))
    .get(
      "/v1/accounting",
      ({ headers: { authorization }, query, run }) =>
        run(Account, account(authorization, query.projectId)),
      {
        query: received(Asked),
        response: {
          200: sent(Account),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "What became of every acknowledged event",
          description:
            "Of the project of the secret key. The admin key names one in `projectId`, so that a deleted project can be accounted for.",
          security: [{ key: [] }]
        }
      }
    )

const account = Effect.fnUntraced(function* (
  authorization: string | undefined,
  asked: string | undefined
) {
  const projectId =
    asked === undefined
      ? yield* projectOf(authorization)
      : yield* askedProject(authorization, Number(asked))
  const accounting = yield* Accounting
  return yield* accounting.of(projectId)
})

/** The admin key may ask for any project, a secret key for its own. */
const askedProject = Effect.fnUntraced(function* (
  authorization: string | undefined,
  asked: number
) {
  const { adminKey } = yield* AccessConfig
  const key = fromAuthorization(authorization)
  if (Option.isSome(key) && sameKey(key.value, adminKey)) return asked
  const projectId = yield* projectOf(authorization)
  if (projectId !== asked)
    return yield* new Forbidden({ detail: "This key is for another project." })
  return projectId
})
