import { documentedKinds } from "@analytics/analytics-core/query/Query"
import { Schema } from "effect"

const Meta = Schema.Struct({
  asOf: Schema.String.annotate({
    description: "The watermark of this answer: only what was known by then counts"
  }),
  ingestLagMs: Schema.Finite.annotate({
    description: "How long ago the newest stored event was acknowledged, at most"
  }),
  cached: Schema.Boolean,
  elapsedMs: Schema.Finite,
  rowsRead: Schema.Finite,
  warnings: Schema.Array(Schema.String).annotate({
    description:
      "`watermark_stale`: ingestion cannot be asked, so newer events may be stored. `history_changed`: something that was known as of the asOf (or cursor) that was asked for has been erased or has expired since, so an earlier answer may have been another; also when that cannot be learned. `forecast_unavailable`: what `forecast` and `anomalies` ask for is missing, because ml-inference does not answer. `forecast_history_short`: the range has too few whole buckets to forecast some line, or to say how well its bounds hold"
  }),
  definitions: Schema.String,
  cohorts: Schema.optionalKey(
    Schema.Array(Schema.Struct({ id: Schema.String, asOf: Schema.String }))
  ).annotate({
    description:
      "Of a query that names a cohort: as of when its people were found; earlier than `asOf` when those of a refresh were used"
  })
})

/**
 * What every kind of query is answered with; `result` is the kind's own. The kind chooses
 * its form: by their fields alone an empty answer would fit several.
 */
export const QueryAnswer = Schema.Union(
  documentedKinds.map(({ kind, result }) =>
    Schema.Struct({ kind: Schema.Literal(kind), result, meta: Meta })
  )
)
export type QueryAnswer = typeof QueryAnswer.Type
