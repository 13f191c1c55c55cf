import { Schema } from "effect"
import { table } from "../render/table.ts"

const Paged = { nextCursor: Schema.NullOr(Schema.String) }

/** What is shown of a report. */
export const Report = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  version: Schema.Number,
  template: Schema.NullOr(Schema.String),
  updatedAt: Schema.String
})
export const ReportPage = Schema.Struct({ reports: Schema.Array(Report), ...Paged })

export const TemplateList = Schema.Struct({
  templates: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      title: Schema.String,
      description: Schema.String,
      parameters: Schema.Array(
        Schema.Struct({ name: Schema.String, description: Schema.String })
      )
    })
  )
})

/** What is shown of a delivery: how the newest attempt ended. */
export const Delivery = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  channel: Schema.String,
  recipient: Schema.String,
  state: Schema.String,
  detail: Schema.NullOr(Schema.String),
  attempts: Schema.Array(Schema.Unknown),
  createdAt: Schema.String
})
export const DeliveryPage = Schema.Struct({
  deliveries: Schema.Array(Delivery),
  ...Paged
})

export const drawReports = (reports: ReadonlyArray<typeof Report.Type>): string =>
  reports.length === 0
    ? "no reports: report make weekly-product makes one"
    : table(
        ["report", "id", "version", "made from", "changed"],
        reports.map(({ id, name, template, updatedAt, version }) => [
          name,
          id,
          version,
          template,
          updatedAt
        ])
      )

export const drawTemplates = ({ templates }: typeof TemplateList.Type): string =>
  table(
    ["template", "what it shows", "parameters"],
    templates.map(({ description, id, parameters }) => [
      id,
      description,
      parameters.map(({ name }) => name).join(", ")
    ])
  )

export const drawDeliveries = (
  deliveries: ReadonlyArray<typeof Delivery.Type>
): string =>
  deliveries.length === 0
    ? "nothing was sent"
    : table(
        ["sent", "to", "by", "state", "attempts", "why", "id"],
        deliveries.map((delivery) => [
          delivery.title,
          delivery.recipient,
          delivery.channel,
          delivery.state,
          delivery.attempts.length,
          delivery.detail,
          delivery.id
        ])
      )
