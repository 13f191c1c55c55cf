import { Schema } from "effect"
import { ValueKind } from "./ReportTable.ts"

const Numbers = Schema.Array(Schema.NullOr(Schema.Number))

/** What the numbers of a chart are, and how they are written. */
const Values = Schema.Struct({
  kind: ValueKind,
  unit: Schema.optionalKey(Schema.String)
})

/** Over time or over categories; every `data` is as long as `labels`. */
export const SeriesChart = Schema.Struct({
  form: Schema.Literals(["line", "area", "bar", "stacked"]),
  /** As they are written: `2026-03-01`, `10:00`, `Berlin`. */
  labels: Schema.Array(Schema.String),
  axis: Schema.Literals(["time", "category"]),
  /** What the labels of categories are: `Event`, `Country`. */
  category: Schema.optionalKey(Schema.String),
  values: Values,
  series: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      data: Numbers,
      /** `compare`: the period before, drawn fainter; `forecast`: foretold, dashed. */
      role: Schema.optionalKey(Schema.Literals(["compare", "forecast"])),
      /** Bounds of an interval around a forecast. */
      lower: Schema.optionalKey(Numbers),
      upper: Schema.optionalKey(Numbers)
    })
  ),
  /** Notes of the team, and anomalies, at a label. */
  marks: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        label: Schema.String,
        text: Schema.String,
        kind: Schema.Literals(["annotation", "anomaly"])
      })
    )
  ),
  /** The last bucket has not ended: its value will still grow. */
  openEnd: Schema.optionalKey(Schema.Boolean)
})
export type SeriesChart = typeof SeriesChart.Type

export const FunnelChart = Schema.Struct({
  form: Schema.Literal("funnel"),
  groups: Schema.Array(
    Schema.Struct({
      /** null: everybody. */
      name: Schema.NullOr(Schema.String),
      steps: Schema.Array(
        Schema.Struct({
          name: Schema.String,
          /** null, as everywhere here: whoever holds a share link must not see it. */
          count: Schema.NullOr(Schema.Number),
          rateFromFirst: Schema.NullOr(Schema.Number),
          rateFromPrevious: Schema.NullOr(Schema.Number)
        })
      )
    })
  )
})
export type FunnelChart = typeof FunnelChart.Type

export const RetentionChart = Schema.Struct({
  form: Schema.Literal("retention"),
  /** `day`, `week`, `month`: what a period is. */
  interval: Schema.String,
  cohorts: Schema.Array(
    Schema.Struct({
      label: Schema.String,
      size: Schema.NullOr(Schema.Number),
      /** Shares of `size`, by period from 0; later cohorts have fewer. */
      rates: Numbers
    })
  )
})
export type RetentionChart = typeof RetentionChart.Type

export const PathsChart = Schema.Struct({
  form: Schema.Literal("paths"),
  edges: Schema.Array(
    Schema.Struct({
      from: Schema.String,
      to: Schema.String,
      /** The step number of `from`, from 1. */
      position: Schema.Int,
      count: Schema.Number
    })
  )
})
export type PathsChart = typeof PathsChart.Type

/** One number, what it was before, and how it came here. */
export const Metric = Schema.Struct({
  form: Schema.Literal("number"),
  values: Values,
  value: Schema.NullOr(Schema.Number),
  compare: Schema.optionalKey(
    Schema.Struct({ value: Schema.NullOr(Schema.Number), label: Schema.String })
  ),
  /** Whether more of it is good; colours the change. */
  better: Schema.optionalKey(Schema.Literals(["more", "less"])),
  sparkline: Schema.optionalKey(Numbers)
})
export type Metric = typeof Metric.Type

export const Chart = Schema.Union([
  SeriesChart,
  FunnelChart,
  RetentionChart,
  PathsChart,
  Metric
])
export type Chart = typeof Chart.Type
