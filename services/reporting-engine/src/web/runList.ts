import { formatInstant } from "@analytics/reports/format/formatCell"
import type { Run } from "../runs/Run.ts"
import { html, type Markup } from "./markup.ts"
import { writtenFor } from "./reportsPage.ts"
import type { Visitor } from "./Visitor.ts"

const states = {
  running: html`<span class="state">Running</span>`,
  succeeded: html`<span class="state good">Done</span>`,
  failed: html`<span class="state bad">Failed</span>`
} as const

const sections = (failed: number): Markup | undefined =>
  failed === 0
    ? undefined
    : html`; <span class="state bad">${failed} of its sections could not be made</span>`

/** Runs with what became of them, newest first. */
export const runList = (
  runs: ReadonlyArray<Run>,
  visitor: Visitor,
  caption: string
): Markup =>
  html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="fit">
<caption class="hidden">${caption}</caption>
<thead><tr><th scope="col">Made</th><th scope="col">Report</th><th scope="col">State</th></tr></thead>
<tbody>${runs.map(
    ({ createdAt, error, failedSections, id, name, state }) =>
      html`<tr><td><a href="/runs/${id}">${formatInstant(createdAt.toISOString(), writtenFor(visitor))}</a></td>
<td dir="auto">${name}</td>
<td>${states[state]}${error === null ? undefined : html`: <bdi>${error}</bdi>`}${sections(failedSections)}</td></tr>`
  )}</tbody></table></div>`
