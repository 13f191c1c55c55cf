import { ValueKind } from "@analytics/reports/ReportTable"
import { Schema } from "effect"

/** What `POST /v1/query` answers; `result` is the kind's own. */
export const Answer = Schema.Struct({
  kind: Schema.String,
  result: Schema.Unknown,
  meta: Schema.Struct({ asOf: Schema.String, warnings: Schema.Array(Schema.String) })
})
export type Answer = typeof Answer.Type

export const InsightChart = Schema.Struct({
  form: Schema.Literals([
    "line",
    "area",
    "bar",
    "stacked",
    "funnel",
    "retention",
    "paths",
    "number",
    "table"
  ]),
  values: Schema.optionalKey(
    Schema.Struct({ kind: ValueKind, unit: Schema.optionalKey(Schema.String) })
  ),
  better: Schema.optionalKey(Schema.Literals(["more", "less"]))
})
export type InsightChart = typeof InsightChart.Type

/** A saved question, as far as it matters here. */
export const Insight = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: Schema.String,
  query: Schema.Record(Schema.String, Schema.Unknown),
  chart: InsightChart,
  version: Schema.Int,
  updatedAt: Schema.optionalKey(Schema.String)
})
export type Insight = typeof Insight.Type

/** What an insight is asked with in place of what it says. */
export interface Overrides {
  readonly range?: string
  readonly from?: string
  readonly to?: string
  readonly timezone?: string
  readonly filters?: ReadonlyArray<unknown>
  readonly compare?: string
  readonly asOf?: string
  /** Past the kept results. */
  readonly fresh?: boolean
}

export const InsightResult = Schema.Struct({
  insight: Insight,
  answer: Answer,
  keptAt: Schema.NullOr(Schema.String)
})
export type InsightResult = typeof InsightResult.Type

export const Annotation = Schema.Struct({
  id: Schema.String,
  at: Schema.String,
  until: Schema.optionalKey(Schema.NullOr(Schema.String)),
  text: Schema.String,
  mutesAlerts: Schema.Boolean
})
export type Annotation = typeof Annotation.Type

export const Project = Schema.Struct({
  id: Schema.Int,
  name: Schema.String,
  timezone: Schema.String
})
export type Project = typeof Project.Type

/** A dashboard as lists have it. */
export const DashboardHead = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: Schema.String,
  updatedAt: Schema.String
})

export const DashboardList = Schema.Struct({
  dashboards: Schema.Array(DashboardHead),
  nextCursor: Schema.NullOr(Schema.String)
})
export type DashboardList = typeof DashboardList.Type

const tile = { id: Schema.String, width: Schema.Int }

/** A dashboard with the answer of each tile, or why it has none. */
export const DashboardResult = Schema.Struct({
  dashboard: Schema.Struct({
    ...DashboardHead.fields,
    timezone: Schema.NullOr(Schema.String)
  }),
  asOf: Schema.String,
  warnings: Schema.Array(Schema.String),
  tiles: Schema.Array(
    Schema.Union([
      Schema.Struct({
        type: Schema.Literal("markdown"),
        ...tile,
        markdown: Schema.String
      }),
      Schema.Struct({
        type: Schema.Literal("answer"),
        ...tile,
        insight: Insight,
        answer: Answer,
        keptAt: Schema.NullOr(Schema.String)
      }),
      Schema.Struct({
        type: Schema.Literal("problem"),
        ...tile,
        insight: Insight,
        problem: Schema.Struct({ detail: Schema.optionalKey(Schema.String) })
      })
    ])
  )
})
export type DashboardResult = typeof DashboardResult.Type

/** The most frequent events and properties of a project. */
export const Catalogue = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      count: Schema.Finite,
      firstSeen: Schema.String,
      lastSeen: Schema.String
    })
  ),
  properties: Schema.Array(
    Schema.Struct({
      property: Schema.String,
      count: Schema.Finite,
      types: Schema.Array(Schema.String)
    })
  )
})
export type Catalogue = typeof Catalogue.Type

/** What became of the events of a project, and what is wrong with some. */
export const Quality = Schema.Struct({
  accounting: Schema.Struct({
    accepted: Schema.Int,
    stored: Schema.Int,
    duplicate: Schema.Int,
    quarantined: Schema.Int,
    dropped: Schema.Record(Schema.String, Schema.Int),
    erased: Schema.Int,
    expired: Schema.Int,
    pending: Schema.Int,
    balanced: Schema.Boolean
  }),
  quarantine: Schema.Array(
    Schema.Struct({
      reason: Schema.String,
      events: Schema.Int,
      lastReceivedAt: Schema.String
    })
  ),
  violations: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      property: Schema.String,
      problem: Schema.String,
      events: Schema.Int,
      lastSeenAt: Schema.String
    })
  )
})
export type Quality = typeof Quality.Type
