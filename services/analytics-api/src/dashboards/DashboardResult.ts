import { Schema } from "effect"
import { Insight } from "../insights/Insight.ts"
import { QueryAnswer } from "../query/QueryAnswer.ts"
import { Dashboard, Tile } from "./Dashboard.ts"

const tile = { id: Tile.members[0].fields.id, width: Tile.members[0].fields.width }

/** RFC 9457: what `POST …/result` of the insight alone would be refused with. */
const ProblemBody = Schema.StructWithRest(
  Schema.Struct({
    type: Schema.String,
    title: Schema.optionalKey(Schema.String),
    status: Schema.optionalKey(Schema.Number),
    detail: Schema.optionalKey(Schema.String)
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

export const TileResult = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("markdown"),
    ...tile,
    markdown: Schema.String
  }),
  Schema.Struct({
    type: Schema.Literal("answer"),
    ...tile,
    insight: Insight,
    answer: QueryAnswer,
    keptAt: Schema.NullOr(Schema.DateFromString).annotate({
      description: "When a kept answer was computed; null: for this request"
    }),
    ignored: Schema.Array(Schema.String).annotate({
      description:
        "What the dashboard or the request says and its kind of query has no field for, such as `filters` of `sql`: it is answered without"
    })
  }),
  Schema.Struct({
    type: Schema.Literal("problem"),
    ...tile,
    insight: Insight,
    problem: ProblemBody
  })
])
export type TileResult = typeof TileResult.Type

export const DashboardResult = Schema.Struct({
  dashboard: Dashboard,
  asOf: Schema.DateFromString.annotate({
    description: "The watermark of every answer on it"
  }),
  warnings: Schema.Array(Schema.String).annotate({
    description:
      "`watermark_stale`: ingestion cannot be asked, so newer events may be stored"
  }),
  tiles: Schema.Array(TileResult).annotate({
    description: "In the order of the dashboard"
  })
})
export type DashboardResult = typeof DashboardResult.Type
