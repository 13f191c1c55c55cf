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
      "`watermark_stale`: ingestion cannot be asked, so newer events may be stored"
  }),
  definitions: Schema.String
})

/** What every kind of query is answered with; `result` is the kind's own. */
export const QueryAnswer = Schema.Struct({
  kind: Schema.String,
  result: Schema.Union(documentedKinds.map(({ result }) => result)),
  meta: Meta
})
export type QueryAnswer = typeof QueryAnswer.Type
