import { Instant } from "@analytics/analytics-core/query/Common"
import { RenderFormat } from "@analytics/reports/RenderFormat"
import { Schema } from "effect"
import { projectQuery } from "../access/ProjectQuery.ts"
import { Definition } from "../definitions/ReportDefinition.ts"

const moment = {
  parameters: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  at: Schema.optionalKey(Instant).annotate({
    description: "When ranges such as `last_7d` end; now without it"
  }),
  asOf: Schema.optionalKey(Instant).annotate({
    description:
      "Only what was known by then counts, in every section; the watermark without it"
  })
}

/** What `…/render` takes; an empty body is none of it. */
export const RenderBody = Schema.NullOr(Schema.Struct(moment))
export const PreviewBody = Schema.Struct({ definition: Definition, ...moment })

export const RenderQuery = Schema.Struct({
  ...projectQuery,
  format: Schema.optionalKey(RenderFormat).annotate({
    description: "`html` without it"
  })
})

export const timed = ({
  asOf,
  at,
  parameters
}: {
  readonly asOf?: string
  readonly at?: string
  readonly parameters?: Readonly<Record<string, unknown>>
}) => ({
  ...(asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }),
  ...(at === undefined ? {} : { at: Date.parse(at) }),
  ...(parameters === undefined ? {} : { parameters })
})
