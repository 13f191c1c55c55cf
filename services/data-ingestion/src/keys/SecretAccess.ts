import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { fromAuthorization } from "@analytics/api-common/BearerKey"
import { Effect, Option, Redacted } from "effect"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { KeyRing } from "./KeyRing.ts"

const SCOPE = "ingest:read"

/** The key of a request; see `projectOf`. */
export const secretKeyOf = Effect.fn("SecretAccess.secretKeyOf")(function* (
  authorization: string | undefined
) {
  const given = fromAuthorization(authorization)
  if (Option.isNone(given))
    return yield* new Unauthorized({
      detail: "Send the project's secret key: Authorization: Bearer <key>."
    })
  const keys = yield* KeyRing
  const key = yield* keys
    .find(Redacted.value(given.value))
    .pipe(
      Effect.mapError(
        () => new StoreUnavailable({ detail: "The key cannot be checked now." })
      )
    )
  if (Option.isNone(key)) return yield* new Unauthorized({})
  if (key.value.kind !== "secret")
    return yield* new Forbidden({
      detail: "This is a write key: only a secret key may read."
    })
  if (!key.value.scopes.includes(SCOPE))
    return yield* new Forbidden({ detail: `It lacks the scope "${SCOPE}".` })
  return key.value
})

/**
 * The project whose secret key a request carries. Reading what became of events, and
 * replaying them, needs the scope `ingest:read`.
 */
export const projectOf = (authorization: string | undefined) =>
  Effect.map(secretKeyOf(authorization), ({ projectId }) => projectId)
