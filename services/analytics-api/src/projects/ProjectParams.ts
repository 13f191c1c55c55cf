import { Schema, SchemaTransformation } from "effect"
import { ProjectId } from "./Project.ts"

/** A project id in a path. */
export const ProjectParams = Schema.Struct({
  projectId: Schema.String.check(Schema.isPattern(/^[1-9][0-9]{0,9}$/u)).pipe(
    Schema.decodeTo(
      ProjectId,
      SchemaTransformation.transform({ decode: Number, encode: String })
    )
  )
})
