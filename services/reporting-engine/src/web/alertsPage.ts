import { formatInstant } from "@analytics/reports/format/formatCell"
import { Clock, Effect } from "effect"
import type { AlertAnswer } from "../alerts/AlertAnswers.ts"
import { Alerts } from "../alerts/Alerts.ts"
import { idOrNone } from "./isId.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup } from "./markup.ts"
import { away } from "./problemPages.ts"
import { writtenFor } from "./reportsPage.ts"
import type { Visitor } from "./Visitor.ts"

const PAGE = 50

const states = {
  ok: html`<span class="state good">Quiet</span>`,
  firing: html`<span class="state bad">Firing</span>`,
  acknowledged: html`<span class="state bad">Firing, acknowledged</span>`,
  paused: html`<span class="state">Paused</span>`
} as const

/** How an alert is, in words; `now` in epoch milliseconds. */
export const alertState = (
  alert: AlertAnswer,
  visitor: Visitor,
  now: number
): Markup => {
  const at = (instant: Date) =>
    formatInstant(instant.toISOString(), writtenFor(visitor))
  return html`${states[alert.state]}${
    alert.firingSince === null ? undefined : html` since ${at(alert.firingSince)}`
  }${
    alert.problem === null
      ? undefined
      : html`; <span class="state bad">cannot be evaluated</span> since ${at(alert.problem.since)}: <bdi>${alert.problem.detail}</bdi>`
  }${
    alert.mutedUntil === null || alert.mutedUntil.getTime() <= now
      ? undefined
      : html`; muted until ${at(alert.mutedUntil)}`
  }`
}

export const alertList = (
  alerts: ReadonlyArray<AlertAnswer>,
  visitor: Visitor,
  now: number
): Markup =>
  alerts.length === 0
    ? html`<p class="soft">There is none yet: <code>POST /v1/alerts</code> makes one.</p>`
    : html`<ul class="list">${alerts.map(
        (alert) =>
          html`<li><a href="/alerts/${alert.id}" dir="auto">${alert.name}</a>
<div class="soft">${alertState(alert, visitor, now)}</div></li>`
      )}</ul>`

/** The alerts of a project, a page of them at a time. */
export const alertsPage = (after: string | undefined) =>
  Effect.fn("Web.alerts")(function* (visitor: Visitor) {
    const { project, projectId } = visitor
    const found = yield* Effect.result(
      (yield* Alerts).list(
        { actor: "web", projectId },
        { after: idOrNone(after), limit: PAGE }
      )
    )
    if (found._tag === "Failure")
      return away("Alerts cannot be read.", { project, section: "alerts" })
    const { alerts, nextCursor } = found.success
    return pageResponse({
      title: "Alerts",
      project,
      section: "alerts",
      body: html`<div><h1>Alerts</h1>
${alertList(alerts, visitor, yield* Clock.currentTimeMillis)}
${
  nextCursor === null
    ? undefined
    : html`<p><a href="/alerts?cursor=${encodeURIComponent(nextCursor)}">More alerts</a></p>`
}</div>`
    })
  })
