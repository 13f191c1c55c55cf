import { Schema } from "effect"
import { ProjectId } from "../projects/Project.ts"
import { KeyId, KeyKind } from "./Key.ts"

const Instant = Schema.DateTimeUtcFromString

export const KeyHash = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{64}$/u)
).annotate({ description: "Hex SHA-256 of the key" })

/** All that is needed to judge a key without having it. */
export const PublishedKey = Schema.Struct({
  keyId: KeyId,
  projectId: ProjectId,
  kind: KeyKind,
  scopes: Schema.Array(Schema.String),
  hash: KeyHash,
  expiresAt: Schema.NullOr(Instant),
  revokedAt: Schema.NullOr(Instant),
  projectDeletedAt: Schema.NullOr(Instant),
  timezone: Schema.String,
  settings: Schema.NullOr(Schema.String).annotate({
    description: "JSON of the project's settings; null is the defaults"
  })
})
export type PublishedKey = typeof PublishedKey.Type

/** When a key was last used. */
export const KeyUse = Schema.Struct({ keyId: KeyId, at: Instant })
export type KeyUse = typeof KeyUse.Type

/** Keys that changed, in the order in which they did. */
export const KeyChanges = Schema.Struct({
  revision: Schema.Int.annotate({ description: "Where the next question starts" }),
  keys: Schema.Array(PublishedKey)
})
export type KeyChanges = typeof KeyChanges.Type
