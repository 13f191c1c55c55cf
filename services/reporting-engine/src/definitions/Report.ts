import { Schema } from "effect"
import { Definition, storable } from "./ReportDefinition.ts"

export const ReportId = Schema.String.check(Schema.isUUID())

export const ReportName = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  storable
)

export const ReportVersionNumber = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 })
)

/** A report as it is listed. */
export const ReportSummary = Schema.Struct({
  id: ReportId,
  name: Schema.String,
  version: Schema.Int,
  template: Schema.NullOr(Schema.String).annotate({
    description: "What it was made from; it is a report of its own since"
  }),
  createdBy: Schema.String,
  createdAt: Schema.DateFromString,
  updatedBy: Schema.String,
  updatedAt: Schema.DateFromString
})
export type ReportSummary = typeof ReportSummary.Type

export const Report = Schema.Struct({
  ...ReportSummary.fields,
  definition: Definition
})
export type Report = typeof Report.Type

/** What a report said. It never changes. */
export const ReportVersion = Schema.Struct({
  version: Schema.Int,
  name: Schema.String,
  definition: Definition,
  createdBy: Schema.String,
  createdAt: Schema.DateFromString
})
export type ReportVersion = typeof ReportVersion.Type

export interface NewReport {
  readonly name: string
  readonly definition: typeof Definition.Type
  readonly template: string | null
}
