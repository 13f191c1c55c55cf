import { CohortDefinition } from "@analytics/analytics-core/query/cohort/Cohort"
import { Schema } from "effect"

/** Which refresh of which cohort; repeating it is answered the same. */
export interface RefreshRequest {
  readonly projectId: number
  readonly cohortId: string
  readonly refreshId: string
}

/** How an attempt begins, or why it does not. */
export type Begun =
  | {
      readonly _tag: "Begun"
      readonly version: string
      readonly definition: CohortDefinition
    }
  | { readonly _tag: "Done"; readonly people: number; readonly asOf: Date }
  | { readonly _tag: "Busy" }
  | { readonly _tag: "Refused"; readonly detail: string }
  | { readonly _tag: "Missing" }

/** People that a query may read instead of finding them. */
export interface UsableRefresh {
  /** Of the cohort. */
  readonly id: string
  readonly version: string
  readonly asOf: Date
}

export const Definitions = Schema.Array(
  Schema.Struct({
    definition: Schema.fromJsonString(CohortDefinition),
    hash: Schema.String
  })
)

export const Attempts = Schema.Array(
  Schema.Struct({
    done: Schema.NullOr(
      Schema.Struct({ people: Schema.Int, asOf: Schema.DateFromString })
    ),
    failures: Schema.NullOr(Schema.Array(Schema.String)),
    kept: Schema.Int
  })
)

export const Versions = Schema.Array(Schema.Struct({ version: Schema.String }))

export const Usables = Schema.Array(
  Schema.Struct({ id: Schema.String, version: Schema.String, asOf: Schema.Date })
)
