import { Schema } from "effect"

/** A key of a project as analytics-api publishes it: its hash, never the key. */
export const ProjectKey = Schema.Struct({
  keyId: Schema.String,
  projectId: Schema.Int,
  kind: Schema.Literals(["write", "secret"]),
  scopes: Schema.Array(Schema.String),
  /** hex SHA-256 of the key */
  hash: Schema.String,
  expiresAt: Schema.NullOr(Schema.String),
  revokedAt: Schema.NullOr(Schema.String),
  projectDeletedAt: Schema.NullOr(Schema.String),
  timezone: Schema.String,
  /** JSON of the project's settings; files of earlier versions have none */
  settings: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type ProjectKey = typeof ProjectKey.Type

/** Whether the key may be used at `now`, in milliseconds. */
export const isUsable = (key: ProjectKey, now: number): boolean =>
  key.projectDeletedAt === null &&
  !isPast(key.revokedAt, now) &&
  !isPast(key.expiresAt, now)

const isPast = (instant: string | null, now: number): boolean =>
  instant !== null && !(Date.parse(instant) > now)
