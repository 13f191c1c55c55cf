import { Effect, Predicate } from "effect"
import type { QueryContext } from "../Compiled.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { inCohort } from "./cohortSql.ts"

/** Where a request names a cohort, and which. */
export interface CohortReference {
  readonly pointer: string
  readonly id: string
}

/**
 * The context in which only people of the named cohort exist; unchanged without a name.
 * The definition must be among `context.cohorts`.
 */
export const narrowed = (
  context: QueryContext,
  asked: string | undefined
): Effect.Effect<QueryContext, QueryInvalid> => {
  if (asked === undefined) return Effect.succeed(context)
  const id = asked.toLowerCase()
  const definition = context.cohorts?.get(id)
  return definition === undefined
    ? Effect.fail(
        QueryInvalid.at(
          "/cohort",
          "There is no such cohort; GET /v1/cohorts lists them"
        )
      )
    : Effect.succeed({ ...context, onlyPeople: inCohort(context, { id, definition }) })
}

/** Of a request, and of the query whose people it asks for. */
export const cohortsIn = (request: unknown): ReadonlyArray<CohortReference> => [
  ...cohortOf(request, ""),
  ...(Predicate.hasProperty(request, "of") && Predicate.hasProperty(request.of, "query")
    ? cohortOf(request.of.query, "/of/query")
    : [])
]

const cohortOf = (request: unknown, pointer: string): ReadonlyArray<CohortReference> =>
  Predicate.hasProperty(request, "cohort") && Predicate.isString(request.cohort)
    ? [{ pointer: `${pointer}/cohort`, id: request.cohort.toLowerCase() }]
    : []
