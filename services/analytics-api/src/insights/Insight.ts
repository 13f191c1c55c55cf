import { ValueKind } from "@analytics/reports/ReportTable"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { withoutNul } from "../projects/Project.ts"

export const InsightId = Schema.String.check(Schema.isUUID())
export type InsightId = typeof InsightId.Type

/** Which version of something, from 1. */
export const Version = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 })
)

export const Name = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  withoutNul
)

export const Description = Schema.String.check(Schema.isMaxLength(2000), withoutNul)

/** How the answer is shown. */
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
    Schema.Struct({
      kind: ValueKind,
      unit: Schema.optionalKey(
        Schema.String.check(Schema.isMaxLength(20), withoutNul)
      ).annotate({
        description: "ISO 4217 of a currency; else what is written after a number"
      })
    })
  ).annotate({ description: "What its numbers are" }),
  better: Schema.optionalKey(Schema.Literals(["more", "less"])).annotate({
    description: "What is good, more of it or less; colours changes"
  })
})
export type InsightChart = typeof InsightChart.Type

/** A body of `POST /v1/query`, as it was written. Its own reader judges it. */
export const SavedQuery = Schema.Record(Schema.String, Schema.Unknown)
export type SavedQuery = typeof SavedQuery.Type

/** What `POST /v1/insights` takes. */
export const NewInsight = Schema.Struct({
  name: Name,
  description: Schema.optionalKey(Description),
  query: SavedQuery,
  chart: InsightChart
})
export type NewInsight = typeof NewInsight.Type

/** What `PATCH` may change, and which version it changes. */
export const InsightChange = Schema.Struct({
  version: Version,
  name: Schema.optionalKey(Name),
  description: Schema.optionalKey(Description),
  query: Schema.optionalKey(SavedQuery),
  chart: Schema.optionalKey(InsightChart)
})
export type InsightChange = typeof InsightChange.Type

/** What every version says. */
const said = {
  name: Schema.String,
  description: Schema.String,
  query: SavedQuery.annotate({
    description: "As in the request that wrote it: a body of `POST /v1/query`"
  }),
  chart: InsightChart
}

/** A saved question, as its newest version says it. */
export const Insight = Schema.Struct({
  id: InsightId,
  version: Version,
  ...said,
  createdBy: Schema.String.annotate({ description: "The id of a key" }),
  createdAt: Schema.DateFromString,
  updatedBy: Schema.String.annotate({ description: "The id of a key" }),
  updatedAt: Schema.DateFromString
})
export type Insight = typeof Insight.Type

/** What an insight said. It never changes. */
export const InsightVersion = Schema.Struct({
  version: Version,
  ...said,
  createdBy: Schema.String,
  createdAt: Schema.DateFromString
})
export type InsightVersion = typeof InsightVersion.Type

export const insightExample = {
  name: "Orders",
  description: "Completed orders of each day",
  query: {
    kind: "trends",
    range: "last_30d",
    interval: "day",
    series: [{ event: "Order Completed", measure: "total" }]
  },
  chart: { form: "line", values: { kind: "integer" }, better: "more" }
}

/** No such insight, or no such version of it, of the asking project. */
export class InsightNotFound extends HttpApiError.Problem<InsightNotFound>()(
  "InsightNotFound",
  {
    type: "urn:analytics:problem:insight-not-found",
    status: 404,
    title: "There is no such insight"
  },
  { insightId: InsightId, version: Schema.optionalKey(Schema.Int) }
) {}

/** Somebody else changed it meanwhile. */
export class InsightChanged extends HttpApiError.Problem<InsightChanged>()(
  "InsightChanged",
  {
    type: "urn:analytics:problem:insight-changed",
    status: 409,
    title: "The insight has changed; read it and change that version"
  },
  { version: Schema.Int }
) {}

/** Dashboards show it. */
export class InsightInUse extends HttpApiError.Problem<InsightInUse>()(
  "InsightInUse",
  {
    type: "urn:analytics:problem:insight-in-use",
    status: 409,
    title: "Dashboards show this insight; take it off them first"
  },
  {
    dashboards: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String }))
  }
) {}

/** The project has as many as one may. */
export class TooManyInsights extends HttpApiError.Problem<TooManyInsights>()(
  "TooManyInsights",
  {
    type: "urn:analytics:problem:too-many-insights",
    status: 409,
    title: "The project has as many insights as one may; delete some"
  }
) {}
