import { unstorableIn } from "@analytics/database/unstorable"
import { Schema } from "effect"

export const ModelName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9_.-]{0,99}$/u, {
    message:
      "must begin with a lower-case letter or a digit, and go on with those, `_`, `.` and `-`: 100 at most"
  })
)

/** 1, 2, 3 … of a model. */
export const VersionNumber = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 })
)

export const AliasName = Schema.Literals(["champion", "challenger", "shadow"])
export type AliasName = typeof AliasName.Type

export const Aliases = Schema.Struct({
  champion: Schema.optionalKey(VersionNumber),
  challenger: Schema.optionalKey(VersionNumber),
  shadow: Schema.optionalKey(VersionNumber)
})
export type Aliases = typeof Aliases.Type

export const Percent = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))

export const Description = Schema.String.check(
  Schema.isMaxLength(2000),
  Schema.makeFilter((text) =>
    unstorableIn(text) === undefined
      ? undefined
      : "must be a text without NUL or half of a surrogate pair"
  )
)

export const Instant = Schema.DateTimeUtcFromString

/** What answers under one name. */
export const Model = Schema.Struct({
  name: ModelName,
  description: Schema.String,
  aliases: Aliases.annotate({ description: "The version that each of them names" }),
  challengerPercent: Percent.annotate({
    description: "Percent of entities that the challenger answers"
  }),
  latestVersion: Schema.NullOr(VersionNumber),
  createdBy: Schema.String,
  createdAt: Instant,
  updatedAt: Instant
})
export type Model = typeof Model.Type

export const NewModel = Schema.Struct({
  name: ModelName,
  description: Schema.optionalKey(Description)
})
export type NewModel = typeof NewModel.Type

export const ModelChange = Schema.Struct({
  description: Schema.optionalKey(Description),
  challengerPercent: Schema.optionalKey(Percent)
})
export type ModelChange = typeof ModelChange.Type

/** Who does something, and to which project's models. */
export interface Actor {
  readonly projectId: number
  /** A key's id, `admin` or `service`. */
  readonly actor: string
}

/** What was done to a model, and by whom. */
export const AuditEntry = Schema.Struct({
  id: Schema.Int,
  at: Instant,
  model: Schema.String,
  version: Schema.NullOr(Schema.Int),
  actor: Schema.String,
  action: Schema.String,
  details: Schema.Json
})
export type AuditEntry = typeof AuditEntry.Type
