import { CohortDefinition } from "@analytics/analytics-core/query/cohort/Cohort"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { withoutNul } from "../projects/Project.ts"
import { RefreshView } from "./refresh/RefreshView.ts"

export const CohortId = Schema.String.check(Schema.isUUID())
export type CohortId = typeof CohortId.Type

const Name = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  withoutNul
)

const MaxAge = Schema.optionalKey(
  Schema.NullOr(
    Schema.Int.check(Schema.isBetween({ minimum: 60, maximum: 30 * 86_400 }))
  ).annotate({
    description:
      "Queries may use the people of a refresh that is at most so many seconds older than what they are answered as of; null: they find them anew"
  })
)

/** What `POST /v1/cohorts` takes. */
export const NewCohort = Schema.Struct({
  name: Name,
  definition: CohortDefinition,
  maxAgeSeconds: MaxAge
})
export type NewCohort = typeof NewCohort.Type

/** What `PATCH` may change. A list stays a list. */
export const CohortChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  definition: Schema.optionalKey(CohortDefinition),
  maxAgeSeconds: MaxAge
})
export type CohortChange = typeof CohortChange.Type

export interface Cohort extends NewCohort {
  readonly id: CohortId
  readonly maxAgeSeconds: number | null
  readonly refresh: RefreshView
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A cohort as it is answered; its definition is as it was written. */
export const CohortAnswer = Schema.Struct({
  id: CohortId,
  name: Schema.String,
  definition: Schema.Unknown.annotate({
    description: "As in the request that made it: static, or dynamic with its rule"
  }),
  maxAgeSeconds: Schema.NullOr(Schema.Int),
  refresh: RefreshView,
  createdAt: Schema.DateFromString,
  updatedAt: Schema.DateFromString
})

/** Ids of one request. */
export const MAX_IDS = 10_000
const MAX_ID = 1000

/** User and anonymous ids, as events carry them. */
export const MemberIds = Schema.Struct({
  ids: Schema.Array(
    Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(MAX_ID))
  ).check(Schema.isMinLength(1), Schema.isMaxLength(MAX_IDS))
}).annotate({ examples: [{ ids: ["user-1", "anon-7"] }] })

export const MembersChanged = Schema.Struct({
  changedAt: Schema.DateFromString.annotate({
    description: "Answers as of this moment and later count the change"
  }),
  ids: Schema.Int.annotate({ description: "Distinct ids of the request" })
})
export type MembersChanged = typeof MembersChanged.Type

/** No such cohort of the asking project. */
export class CohortNotFound extends HttpApiError.Problem<CohortNotFound>()(
  "CohortNotFound",
  {
    type: "urn:analytics:problem:cohort-not-found",
    status: 404,
    title: "There is no such cohort"
  },
  { cohortId: CohortId }
) {}

/** The cohort, or the project, cannot take what was asked. */
export class CohortConflict extends HttpApiError.Problem<CohortConflict>()(
  "CohortConflict",
  {
    type: "urn:analytics:problem:cohort-conflict",
    status: 409,
    title: "The cohort cannot be changed in this way"
  }
) {}
