import { Schema } from "effect"

/** A project's id as it is in paths and queries. */
export const ProjectId = Schema.FiniteFromString.check(
  Schema.isInt(),
  Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
)

/** Which project a request of an installation's key is about. */
export const projectQuery = {
  projectId: Schema.optionalKey(ProjectId).annotate({
    description: "For the admin key and the service key; a secret key is of one project"
  })
}
export const ProjectQuery = Schema.Struct(projectQuery)

/** Scopes that may look, and those that may do everything else. */
export const reading = ["reports", "query"] as const
export const changing = ["reports"] as const
