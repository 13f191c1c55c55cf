import { received } from "@analytics/api-common/WireSchema"
import { Schema } from "effect"
import type { ReadyJobType } from "./JobTypes.ts"

/** A kind of work as it is published. */
export const JobTypeView = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  of: Schema.Literals(["project", "installation", "either"]).annotate({
    description: "Jobs of the installation need the admin key"
  }),
  payload: Schema.Unknown.annotate({ description: "JSON Schema of the payload" }),
  result: Schema.Unknown.annotate({ description: "JSON Schema of the result" }),
  limits: Schema.Struct({
    perProject: Schema.Int.annotate({ description: "Running at once, of a project" }),
    inAll: Schema.Int.annotate({ description: "Running at once, of all projects" }),
    waiting: Schema.Int.annotate({ description: "Waiting, of a project" }),
    time: Schema.Int.annotate({ description: "Milliseconds that a run may take" }),
    memory: Schema.Int.annotate({ description: "MiB" }),
    attempts: Schema.Int.annotate({
      description: "Beginnings of a step without getting further"
    })
  })
})
export type JobTypeView = typeof JobTypeView.Type

export const viewOf = (type: ReadyJobType): JobTypeView => ({
  name: type.name,
  description: type.description,
  of: type.of,
  payload: jsonSchemaOf(type.payload),
  result: jsonSchemaOf(type.result),
  limits: type.limits
})

/** As it is accepted: with the fields that it lists and no others. */
const jsonSchemaOf = (schema: Schema.Codec<unknown, unknown>): unknown =>
  received(schema)["~standard"].jsonSchema.input({ target: "draft-2020-12" })
