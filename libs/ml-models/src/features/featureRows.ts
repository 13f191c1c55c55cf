import type { QueryContext, Statement } from "@analytics/analytics-core/query/Compiled"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Effect } from "effect"
import type { FeatureSpec, Target } from "./FeatureSpec.ts"
import type { Known, Population } from "./Population.ts"

/** How the rows of a `RowsStatement` are to be asked for; `RowReader` reads them. */
export const ROWS_FORMAT = "RowBinary"

/** One SELECT of rows, ordered by person; parts are ranges of the person's number. */
export interface RowsStatement extends Statement {
  /** In epoch milliseconds. */
  readonly cut: number
  readonly part: number
}

interface FeatureRequest {
  readonly features: ReadonlyArray<FeatureSpec>
  readonly population: Population
  /** Default: no. */
  readonly includeBots?: boolean
  /** Into how many parts each cut is split (`partsFor`); default 1. */
  readonly parts?: number
}

export interface TrainingRequest extends FeatureRequest {
  readonly target: Target
  /** In epoch milliseconds. */
  readonly cuts: ReadonlyArray<number>
  /** Default: `now`. */
  readonly known?: Known
  /** How late events may be: label windows must have ended so long ago. Default 24. */
  readonly latenessHours?: number
}

export interface ScoringRequest extends FeatureRequest {
  /** Default: the watermark. */
  readonly cut?: number
}

/**
 * One row a person of the population and cut: features of `[…, cut)`, the label of
 * `[cut, cut + days)`. A cut whose label window is not over is refused (`/cuts/<i>`).
 */
export const trainingRows = (
  request: TrainingRequest,
  context: QueryContext
): Effect.Effect<ReadonlyArray<RowsStatement>, QueryInvalid> =>
  Effect.fail(QueryInvalid.at("", `not built ${request.cuts} ${context.projectId}`))

/** One row a person of the population now, with one of their ids. */
export const scoringRows = (
  request: ScoringRequest,
  context: QueryContext
): Effect.Effect<ReadonlyArray<RowsStatement>, QueryInvalid> =>
  Effect.fail(QueryInvalid.at("", `not built ${request.cut} ${context.projectId}`))

/** How many people (about; the column `people`) had any activity before an instant. */
export const peopleStatement = (context: QueryContext): Statement => ({
  name: "people",
  sql: "SELECT 0 AS people",
  params: { project: context.projectId }
})

const PEOPLE_PER_PART = 50_000

/** Parts small enough that neither the store nor the reader needs much memory. */
export const partsFor = (people: number): number =>
  Math.min(1000, Math.max(1, Math.ceil(people / PEOPLE_PER_PART)))
