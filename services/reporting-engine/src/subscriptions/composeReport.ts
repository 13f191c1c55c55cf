import { documentHead } from "@analytics/reports/format/documentHead"
import { metricChange } from "@analytics/reports/format/metricChange"
import { numberText } from "@analytics/reports/format/numberText"
import { plainLine } from "@analytics/reports/format/plainText"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import type { Schema } from "effect"
import type { Message } from "../delivery/Message.ts"
import type { SubscriptionRow } from "./SubscriptionRow.ts"
import type { SubscriptionRunRow } from "./SubscriptionRun.ts"

/** Numbers that a chat shows. */
const MOST_FACTS = 10
const MOST_NOTICES = 12

/** A report as it is told, and what goes with it. */
export interface Told
  extends Pick<Message, "files" | "images" | "html" | "text" | "link"> {
  readonly subscription: SubscriptionRow
  readonly run: SubscriptionRunRow
  readonly document: ReportDocument
  readonly reportRunId: string
  readonly incomplete: boolean
  /** The n-th revised report of this time; 0: the first report. */
  readonly revision: number
  readonly at: Date
}

const factsOf = ({ blocks, locale }: ReportDocument) =>
  blocks
    .flatMap((block) => (block.type === "metrics" ? block.metrics : []))
    .slice(0, MOST_FACTS)
    .map(({ metric, title }) => {
      const { value, values } = metric
      const change = metricChange(metric, locale)
      return {
        label: plainLine(title, 100),
        value: `${numberText(value, values.kind, values.unit, locale)}${change === null ? "" : ` (${change.text})`}`
      }
    })

/** What recipients are told of a report. */
export const composeReport = (told: Told): Message => {
  const { document, files, html, images, incomplete, link, revision, run, text } = told
  const head = documentHead(document)
  const range = head.range === null ? "" : `: ${head.range}`
  const notices = head.notices.slice(0, MOST_NOTICES)
  const summary = [
    ...(head.subtitle === null ? [] : [head.subtitle]),
    ...notices.map(({ label, text: said }) => `${label}: ${said}`),
    `${head.project}, as of ${head.asOf} (${head.timezone}).`
  ].join("\n")
  const data: Schema.Json = {
    subscription: { id: told.subscription.id, name: told.subscription.name },
    run: run.id,
    reportRun: told.reportRunId,
    scheduledFor: run.scheduledFor.toISOString(),
    from: document.from ?? null,
    to: document.to ?? null,
    asOf: document.asOf,
    incomplete,
    revision,
    notices: document.notices.map(({ kind, text: said }) => ({ kind, text: said }))
  }
  return {
    kind: revision === 0 ? "report" : "revised",
    title: `${revision === 0 ? "" : "Revised: "}${head.title}${range}${incomplete ? " (not complete)" : ""}`,
    summary,
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(images === undefined ? {} : { images }),
    ...(files === undefined ? {} : { files }),
    ...(link === undefined ? {} : { link }),
    facts: factsOf(document),
    data,
    at: told.at.toISOString()
  }
}

/** What owners are told of a report that was not made. */
export const composeFailure = (
  subscription: SubscriptionRow,
  run: SubscriptionRunRow,
  detail: string,
  at: Date
): Message => ({
  kind: "failure",
  title: `Not sent: ${plainLine(subscription.name, 200)}`,
  summary: `The report that was due at ${run.scheduledFor.toISOString()} could not be made, and nobody was sent it. ${plainLine(detail, 1000)}`,
  data: {
    subscription: { id: subscription.id, name: subscription.name },
    run: run.id,
    scheduledFor: run.scheduledFor.toISOString(),
    detail
  },
  at: at.toISOString()
})
