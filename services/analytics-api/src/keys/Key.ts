import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { ProjectId } from "../projects/Project.ts"

export const KeyId = Schema.String.check(Schema.isUUID())
export type KeyId = typeof KeyId.Type

/** `write` keys send events and may be public; `secret` keys read and administer. */
export const KeyKind = Schema.Literals(["write", "secret"])
export type KeyKind = typeof KeyKind.Type

/**
 * What a secret key may do: ask, read receipts and accounting, manage keys, change settings,
 * start jobs, keep models (`models`) and ask them (`predict`), make reports and alerts.
 */
export const Scope = Schema.Literals([
  "query",
  "ingest:read",
  "keys",
  "settings",
  "jobs",
  "models",
  "predict",
  "reports"
])
export type Scope = typeof Scope.Type
export const everyScope: ReadonlyArray<Scope> = Scope.literals

/**
 * A write key that is given instead of made: what clients in the field already carry, as
 * it is written there.
 */
export const AdoptedKey = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  Schema.makeFilter((key) => {
    if (key.trim() !== key) return "Expected no blanks at the ends"
    if (/\p{Cc}/u.test(key) || !key.isWellFormed())
      return "Expected no control characters and no halves of characters"
    // They would look like keys that were made here.
    return /^[ws]k_/u.test(key)
      ? "Expected a key that does not begin like ours"
      : undefined
  })
).annotate({
  description:
    "The key, token, website or app id that clients already carry, so that only their URL changes; without it one is made. No project of the installation may use it already.",
  examples: ["phc_4iqHRIvSfGDmZ", "example.com"]
})

const Instant = Schema.DateTimeUtcFromString

/** A key as it is listed: never the key itself, which is not even stored. */
export const Key = Schema.Struct({
  id: KeyId,
  projectId: ProjectId,
  kind: KeyKind,
  name: Schema.String,
  scopes: Schema.Array(Scope),
  prefix: Schema.String.annotate({
    description:
      "How the key begins, to tell keys apart; a domain or a short id that was given is shown whole",
    examples: ["wk_3f9c2a"]
  }),
  createdAt: Instant,
  expiresAt: Schema.NullOr(Instant),
  revokedAt: Schema.NullOr(Instant),
  lastUsedAt: Schema.NullOr(Instant),
  rotatedTo: Schema.NullOr(KeyId)
})
export type Key = typeof Key.Type

/** The only answer that shows a key. */
export const IssuedKey = Schema.Struct({
  ...Key.fields,
  key: Schema.String.annotate({ description: "Shown this once" })
})
export type IssuedKey = typeof IssuedKey.Type

export class KeyNotFound extends HttpApiError.Problem<KeyNotFound>()(
  "KeyNotFound",
  {
    type: "urn:analytics:problem:key-not-found",
    status: 404,
    title: "There is no such key"
  },
  { keyId: KeyId }
) {}

export class KeyRetired extends HttpApiError.Problem<KeyRetired>()(
  "KeyRetired",
  {
    type: "urn:analytics:problem:key-retired",
    status: 409,
    title: "The key is revoked, expired or already replaced; create a new one"
  },
  { keyId: KeyId }
) {}

export class KeyTaken extends HttpApiError.Problem<KeyTaken>()(
  "KeyTaken",
  {
    type: "urn:analytics:problem:key-taken",
    status: 409,
    title: "The key is in use already"
  },
  { detail: Schema.String }
) {}
