import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import { ValueKind } from "@analytics/reports/ReportTable"
import { Schema } from "effect"
import { InsightChart } from "../analytics/AnalyticsViews.ts"

/** Postgres keeps neither U+0000 nor halves of characters in text. */
export const storable = Schema.makeFilter((text: string) =>
  text.includes("\u0000") || !text.isWellFormed()
    ? "Expected text without U+0000 and lone surrogates"
    : undefined
)
const text = (most: number) => Schema.String.check(Schema.isMaxLength(most), storable)
export const Title = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  storable
)

export const ParameterName = Schema.String.check(
  Schema.isPattern(/^[a-z][a-zA-Z0-9_]{0,39}$/u, {
    expected: "a lower-case letter, then letters, digits and _"
  })
)

/** What stands for a parameter's value in a query. */
export const ParameterReference = Schema.Struct({ $parameter: ParameterName })

export const Parameter = Schema.Struct({
  name: ParameterName,
  label: Schema.optionalKey(Title),
  type: Schema.Literals(["text", "number", "boolean", "range"]).annotate({
    description: "`range`: a named range such as `last_7d`"
  }),
  default: Schema.optionalKey(
    Schema.Union([text(1000), Schema.Finite, Schema.Boolean])
  ).annotate({ description: "Without one it must be given" })
})
export type Parameter = typeof Parameter.Type

/** A body of `/v1/query`, in which `{"$parameter": "name"}` stands for a value. */
const Query = Schema.Record(Schema.String, Schema.Unknown)
const shown = {
  title: Title,
  description: Schema.optionalKey(text(2000))
}
const Values = Schema.Struct({
  kind: ValueKind,
  unit: Schema.optionalKey(text(20))
})

const MetricOf = Schema.Struct({
  title: Title,
  query: Schema.optionalKey(Query),
  insight: Schema.optionalKey(Schema.String.check(Schema.isUUID())),
  values: Schema.optionalKey(Values),
  better: Schema.optionalKey(Schema.Literals(["more", "less"])),
  compare: Schema.optionalKey(Schema.Boolean).annotate({
    description:
      "With the period of the same length before; so it is without this field"
  })
}).check(
  Schema.makeFilter(({ insight, query }) =>
    (insight === undefined) === (query === undefined)
      ? "Expected either query or insight"
      : undefined
  )
)

export const Section = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("markdown"),
    text: text(100_000)
  }),
  Schema.Struct({
    type: Schema.Literal("insight"),
    insight: Schema.String.check(Schema.isUUID()),
    title: Schema.optionalKey(Title),
    description: Schema.optionalKey(text(2000)),
    chart: Schema.optionalKey(InsightChart),
    table: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.Struct({
    type: Schema.Literal("query"),
    ...shown,
    query: Query,
    chart: Schema.optionalKey(InsightChart),
    table: Schema.optionalKey(Schema.Boolean).annotate({
      description: "Its numbers also as a table beneath"
    })
  }),
  Schema.Struct({ type: Schema.Literal("table"), ...shown, query: Query }),
  Schema.Struct({
    type: Schema.Literal("metrics"),
    metrics: Schema.Array(MetricOf).check(Schema.isMinLength(1), Schema.isMaxLength(12))
  }),
  Schema.Struct({
    type: Schema.Literal("ingestion"),
    ...shown,
    show: Schema.Literals(["accounting", "quarantine", "violations"]).annotate({
      description:
        "Where every acknowledged event is; what was set aside, by reason; what breaks the tracking plan"
    })
  }),
  Schema.Struct({ type: Schema.Literal("page-break") })
])
export type Section = typeof Section.Type

/** IANA; BCP 47. */
export const TimeZone = Schema.String.check(
  Schema.isMaxLength(100),
  Schema.makeFilter((name) =>
    timeZone(name) === undefined ? "Expected an IANA time zone" : undefined
  )
)
export const Locale = Schema.String.check(
  Schema.isMaxLength(50),
  Schema.makeFilter((name) => {
    try {
      Intl.getCanonicalLocales(name)
      return undefined
    } catch {
      return "Expected a BCP 47 language tag"
    }
  })
)

/** A report: what it asks and how it says it. */
export const Definition = Schema.Struct({
  title: Title,
  subtitle: Schema.optionalKey(text(300)),
  description: Schema.optionalKey(text(2000)),
  timezone: Schema.optionalKey(TimeZone).annotate({
    description: "The project's without it"
  }),
  locale: Schema.optionalKey(Locale).annotate({ description: "`en` without it" }),
  range: Schema.optionalKey(
    Schema.Union([Schema.String.check(Schema.isMaxLength(30)), ParameterReference])
  ).annotate({
    description:
      "Of every section whose query has none of its own: `last_7d`, `last_week`, `this_month` …, and whole weeks or months before the current one, such as `last_4w` and `last_12m`; `last_7d` without it"
  }),
  filters: Schema.optionalKey(Schema.Array(Schema.Unknown)).annotate({
    description: "Hold in every section, besides its own"
  }),
  parameters: Schema.optionalKey(Schema.Array(Parameter).check(Schema.isMaxLength(50))),
  sections: Schema.Array(Section).check(Schema.isMinLength(1), Schema.isMaxLength(100))
})
export type Definition = typeof Definition.Type
