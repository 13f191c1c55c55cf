import { formatInstant } from "@analytics/reports/format/formatCell"
import { numberText } from "@analytics/reports/format/numberText"
import { Clock, Effect } from "effect"
import type { EvaluationList, NoticeList } from "../alerts/AlertAnswers.ts"
import { Alerts } from "../alerts/Alerts.ts"
import { alertState } from "./alertsPage.ts"
import { idOrNone, isId } from "./isId.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup } from "./markup.ts"
import { away, notFound } from "./problemPages.ts"
import { writtenFor } from "./reportsPage.ts"
import type { Visitor } from "./Visitor.ts"

const EVALUATIONS = 100
const NOTICES = 50

const verdicts = {
  ok: "In order",
  breach: "Breach",
  unknown: "Unknown",
  skipped: "Skipped"
} as const
const kinds = {
  fired: "It fires",
  resolved: "It is over",
  late: "It fires, by late data",
  outage: "It cannot be evaluated",
  recovered: "It can be evaluated again",
  skipped: "Buckets were skipped"
} as const
const ways = { sent: "Sent", held: "Held back", waiting: "Waiting" } as const

const shown = (value: number | null): string =>
  value === null ? "none" : numberText(value, "number", undefined, "en")

const evaluationTable = ({ evaluations }: EvaluationList): Markup =>
  html`<div class="scroll" role="region" aria-label="Evaluations" tabindex="0"><table class="fit">
<caption class="hidden">Evaluations, newest first</caption>
<thead><tr><th scope="col">Bucket</th><th scope="col" class="n">Value</th><th scope="col">Verdict</th><th scope="col">Why</th></tr></thead>
<tbody>${evaluations.map(
    ({ label, reason, revised, value, verdict }) =>
      html`<tr><th scope="row" dir="auto">${label}</th><td class="n">${shown(value)}</td>
<td>${verdict === "breach" ? html`<span class="state bad">${verdicts[verdict]}</span>` : verdicts[verdict]}${revised ? " (revised)" : undefined}</td><td dir="auto">${reason}</td></tr>`
  )}</tbody></table></div>`

const noticeList = ({ notices }: NoticeList, visitor: Visitor): Markup =>
  html`<ul class="list">${notices.map(
    ({ at, failure, kind, state }) =>
      html`<li><b>${kinds[kind]}</b> <span class="soft">${formatInstant(at.toISOString(), writtenFor(visitor))}</span>
<div class="soft">${ways[state]}${failure === null ? undefined : html`: <bdi class="state bad">${failure}</bdi>`}</div></li>`
  )}</ul>`

const older = (
  cursor: string | null | undefined,
  id: string,
  name: keyof From,
  text: string
): Markup | undefined =>
  cursor == null
    ? undefined
    : html`<p><a href="/alerts/${id}?${name}=${encodeURIComponent(cursor)}">${text}</a></p>`

const missing = (project: string): Response =>
  notFound(project, "alerts", "There is no such alert")

/** Where its two lists go on: the start of a bucket, and the id of a notice. */
interface From {
  readonly bucket: string | undefined
  readonly notice: string | undefined
}

/** The end of the last year that a store of instants has for sure. */
const LAST = Date.UTC(9999, 11, 31)

const instantOrNone = (text: string | undefined): number | undefined => {
  const instant = Date.parse(text ?? "")
  return instant >= 0 && instant < LAST ? instant : undefined
}

/** An alert: how it is, what was judged, and what was told. */
export const alertPage = (id: string, from: From) =>
  Effect.fn("Web.alert")(function* (visitor: Visitor) {
    const { project, projectId } = visitor
    if (!isId(id)) return missing(project)
    const alerts = yield* Alerts
    const asker = { actor: "web", projectId }
    const found = yield* Effect.result(
      Effect.all([
        alerts.get(asker, id),
        alerts.evaluations(asker, id, {
          after: instantOrNone(from.bucket),
          limit: EVALUATIONS
        }),
        alerts.notices(asker, id, {
          after: idOrNone(from.notice),
          limit: NOTICES
        })
      ])
    )
    if (found._tag === "Failure")
      return found.failure._tag === "AlertNotFound"
        ? missing(project)
        : away("Alerts cannot be read.", { project, section: "alerts" })
    const [alert, evaluations, notices] = found.success
    return pageResponse({
      title: alert.name,
      project,
      section: "alerts",
      body: html`<div><h1 dir="auto">${alert.name}</h1>
${alert.description === "" ? undefined : html`<p class="subtitle" dir="auto">${alert.description}</p>`}
<p>${alertState(alert, visitor, yield* Clock.currentTimeMillis)}</p></div>
<section aria-labelledby="judged"><h2 id="judged">What was judged</h2>
${
  evaluations.evaluations.length === 0
    ? html`<p class="soft">Nothing yet: a bucket is judged when it is complete.</p>`
    : evaluationTable(evaluations)
}${older(evaluations.nextCursor?.toISOString(), id, "bucket", "Older buckets")}</section>
<section aria-labelledby="told"><h2 id="told">What was told</h2>
${notices.notices.length === 0 ? html`<p class="soft">Nothing yet.</p>` : noticeList(notices, visitor)}${older(notices.nextCursor, id, "notice", "Older notices")}</section>`
    })
  })
