import {
  type QueryContext,
  type Statement,
  statement
} from "@analytics/analytics-core/query/Compiled"
import { matchSql } from "@analytics/analytics-core/query/eventMatch"
import { identify } from "@analytics/analytics-core/query/People"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { source } from "@analytics/analytics-core/query/Source"
import {
  column,
  EARLIEST,
  join,
  type Sql,
  sql
} from "@analytics/analytics-core/query/Sql"
import { Values } from "@analytics/analytics-core/query/Values"
import { Effect } from "effect"
import type { FeatureSpec, Target } from "./FeatureSpec.ts"
import { featureNames } from "./featureName.ts"
import { DAY } from "./Matches.ts"
import type { Known, Population } from "./Population.ts"
import { type RowsAsked, rowsSql } from "./rowsSql.ts"

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

const MAX_CUTS = 100
const HOUR = 3_600_000

/**
 * One row a person of the population and cut: features of `[…, cut)`, the label of
 * `[cut, cut + days)`. A cut whose label window is not over is refused (`/cuts/<i>`).
 */
export const trainingRows = Effect.fn("trainingRows")(function* (
  request: TrainingRequest,
  context: QueryContext
): Effect.fn.Return<ReadonlyArray<RowsStatement>, QueryInvalid> {
  yield* checkFeatures(request)
  yield* checkCuts(request, context)
  const { cuts, known = "now" } = request
  return cuts.flatMap((cut) =>
    rangesOf(request).map((range, part) => {
      const asked = { ...askedOf(request, cut), ids: false, range }
      const select = labelled(request, asked, context, known)
      return { ...statement("training rows", select), cut, part }
    })
  )
})

/** One row a person of the population now, with one of their ids. */
export const scoringRows = Effect.fn("scoringRows")(function* (
  request: ScoringRequest,
  context: QueryContext
): Effect.fn.Return<ReadonlyArray<RowsStatement>, QueryInvalid> {
  yield* checkFeatures(request)
  const cut = request.cut ?? context.watermark
  if (!(cut <= context.watermark))
    return yield* QueryInvalid.at("/cut", "The cut lies after what is known")
  return rangesOf(request).map((range, part) => {
    const asked = { ...askedOf(request, cut), ids: true, range }
    const select = sql`${rowsSql(asked, context)} ORDER BY person`
    return { ...statement("scoring rows", select), cut, part }
  })
})

const askedOf = (request: FeatureRequest, cut: number) => ({
  features: request.features,
  population: request.population,
  includeBots: request.includeBots ?? false,
  cut
})

/** The columns `person`, `label` (Float32) and those of the features. */
const labelled = (
  { includeBots, features, target }: TrainingRequest,
  asked: RowsAsked,
  context: QueryContext,
  known: Known
): Sql => {
  const values = new Values()
  const hits = source(context, {
    events: target.event === undefined ? undefined : [target.event],
    from: asked.cut,
    to: asked.cut + target.days * DAY,
    includeBots: includeBots ?? false,
    columns: ["event"],
    person: true,
    values,
    where: [matchSql(target, values)]
  })
  const isIn = target.outcome === "does_not" ? sql`NOT IN` : sql`IN`
  const label = sql`toFloat32(person ${isIn} (SELECT DISTINCT person FROM (${hits}))) AS label`
  const columns = join(
    features.map((_, index) => sql`, ${column("f", index)}`),
    " "
  )
  if (known === "now")
    return sql`SELECT person, ${label}${columns} FROM (${rowsSql(asked, context)}) ORDER BY person`
  // Whom the cut knew as two may be one since: both then did what the one did.
  const then = {
    ...context,
    watermark: Math.min(context.watermark, asked.cut + known.withinHours * HOUR)
  }
  const rows = sql`SELECT person AS id_hash${columns} FROM (${rowsSql(asked, then)})`
  return sql`SELECT id_hash, ${label}${columns} FROM (${identify(context, rows)}) ORDER BY id_hash`
}

const checkFeatures = Effect.fnUntraced(function* ({ features }: FeatureRequest) {
  const names = featureNames(features)
  const again = names.findIndex((name, index) => names.indexOf(name) < index)
  if (again >= 0)
    yield* QueryInvalid.at(
      `/features/${again}`,
      "Another feature has this name: leave one out, or give it a name"
    )
})

const checkCuts = Effect.fnUntraced(function* (
  { cuts, latenessHours = 24, target }: TrainingRequest,
  { watermark }: QueryContext
) {
  if (cuts.length === 0 || cuts.length > MAX_CUTS)
    return yield* QueryInvalid.at("/cuts", `Give 1 to ${MAX_CUTS} cuts`)
  const again = cuts.findIndex((cut, index) => cuts.indexOf(cut) < index)
  if (again >= 0) return yield* QueryInvalid.at(`/cuts/${again}`, "Give each cut once")
  const over = watermark - latenessHours * HOUR
  const open = cuts.findIndex((cut) => !(cut + target.days * DAY <= over))
  if (open >= 0)
    return yield* QueryInvalid.at(
      `/cuts/${open}`,
      `What happens in the ${target.days} days after this cut is not known yet: the latest possible is ${new Date(over - target.days * DAY).toISOString()}`
    )
})

const LARGEST = 2n ** 64n - 1n

/** All numbers a person may have, cut into `parts`. */
const rangesOf = ({ parts = 1 }: FeatureRequest): ReadonlyArray<RowsAsked["range"]> => {
  if (parts <= 1) return [undefined]
  const size = LARGEST / BigInt(parts) + 1n
  return Array.from({ length: parts }, (_, part) => {
    const first = size * BigInt(part)
    const end = first + size - 1n
    return { first, last: end > LARGEST ? LARGEST : end }
  })
}

/** About how many people had any activity (the column `people`), to choose `parts`. */
export const peopleStatement = (context: QueryContext): Statement => {
  const ids = source(context, {
    events: undefined,
    from: EARLIEST,
    to: context.watermark,
    includeBots: false,
    columns: ["id_hash"],
    person: false,
    values: new Values(),
    where: []
  })
  return statement("people", sql`SELECT uniqCombined(id_hash) AS people FROM (${ids})`)
}

const PEOPLE_PER_PART = 50_000

/** Parts small enough that neither the store nor the reader needs much memory. */
export const partsFor = (people: number): number =>
  Math.min(1000, Math.max(1, Math.ceil(people / PEOPLE_PER_PART)))
