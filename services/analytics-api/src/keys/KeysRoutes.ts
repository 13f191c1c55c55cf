import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { DateTime, Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { AppRuntime } from "../App.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { ProjectNotFound, withoutNul } from "../projects/Project.ts"
import { ProjectParams } from "../projects/ProjectParams.ts"
import {
  AdoptedKey,
  IssuedKey,
  Key,
  KeyId,
  KeyNotFound,
  KeyRetired,
  KeyTaken,
  Scope
} from "./Key.ts"
import { Keys } from "./Keys.ts"

/** Within what every store and client can say. */
const End = Schema.DateTimeUtcFromString.check(
  Schema.makeFilter((end) => {
    const year = DateTime.getPartUtc(end, "year")
    return year >= 1970 && year <= 9999
      ? undefined
      : "Expected an instant from 1970 to 9999"
  })
)

const common = {
  name: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200), withoutNul)),
  expiresAt: Schema.optionalKey(Schema.NullOr(End))
}

const NewKey = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("write"),
    ...common,
    key: Schema.optionalKey(AdoptedKey)
  }),
  Schema.Struct({
    kind: Schema.Literal("secret"),
    ...common,
    scopes: Schema.optionalKey(Schema.NonEmptyArray(Scope))
  })
]).annotate({
  examples: [
    { kind: "secret", name: "dashboard", scopes: ["query"] },
    { kind: "write", name: "the shop's pages", key: "phc_4iqHRIvSfGDmZ" }
  ]
})

const aMonth = 31 * 24 * 60 * 60

const Rotation = Schema.Struct({
  gracePeriodSeconds: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: aMonth }))
  )
}).annotate({ examples: [{ gracePeriodSeconds: 86_400 }] })

const KeyParams = Schema.Struct({ keyId: KeyId })
const KeyList = Schema.Struct({ keys: Schema.Array(Key) })

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(ControlUnavailable)
}

const security = [{ key: [] }]

export const keysRoutes = (runtime: AppRuntime) =>
  new Elysia({ prefix: "/v1", tags: ["keys"] })
    .use(effectPlugin(runtime))
    .post(
      "/projects/:projectId/keys",
      ({ body, headers, params, run }) =>
        run(
          IssuedKey,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(headers["authorization"], "keys")
            return yield* (yield* Keys).create(access, params.projectId, body)
          }),
          201
        ),
      {
        params: received(ProjectParams),
        body: received(NewKey),
        response: {
          201: sent(IssuedKey),
          404: sent(ProjectNotFound),
          409: sent(KeyTaken),
          ...refusals
        },
        detail: {
          summary: "Create a key",
          description:
            "With the admin key, or a secret key with the scope `keys`, which hands out only scopes it has and no key that ends after it. A write key may be given as `key` instead of made; one that is retired may be taken up again by the project that had it, with the admin key by any.",
          security
        }
      }
    )
    .get(
      "/projects/:projectId/keys",
      ({ headers, params, run }) =>
        run(
          KeyList,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(headers["authorization"], "keys")
            return { keys: yield* (yield* Keys).list(access, params.projectId) }
          })
        ),
      {
        params: received(ProjectParams),
        response: { 200: sent(KeyList), 404: sent(ProjectNotFound), ...refusals },
        detail: {
          summary: "List the keys of a project, never the keys themselves",
          security
        }
      }
    )
    .post(
      "/keys/:keyId/rotate",
      ({ body, headers, params, run }) =>
        run(
          IssuedKey,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(headers["authorization"], "keys")
            const grace = body?.gracePeriodSeconds ?? 0
            return yield* (yield* Keys).rotate(access, params.keyId, grace)
          }),
          201
        ),
      {
        params: received(KeyParams),
        body: received(Schema.NullOr(Rotation)),
        response: {
          201: sent(IssuedKey),
          404: sent(KeyNotFound),
          409: sent(KeyRetired),
          ...refusals
        },
        detail: {
          summary: "Replace a key",
          description:
            "The old key works `gracePeriodSeconds` longer, by default not at all. A secret key replaces only keys that may no more than itself.",
          security
        }
      }
    )
    .delete(
      "/keys/:keyId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(headers["authorization"], "keys")
            yield* (yield* Keys).revoke(access, params.keyId)
          }),
          204
        ),
      {
        params: received(KeyParams),
        response: { 204: sent(Schema.Void), 404: sent(KeyNotFound), ...refusals },
        detail: { summary: "Revoke a key", security }
      }
    )
