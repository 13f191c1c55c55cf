import { Schema } from "effect"

/** The name of a model in its project. */
export const ModelName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9_.-]{0,99}$/u)
)

export const Alias = Schema.Literals(["champion", "challenger", "shadow"])
