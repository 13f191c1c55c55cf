import { documentHead } from "@analytics/reports/format/documentHead"
import { RenderFormat } from "@analytics/reports/RenderFormat"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { Effect } from "effect"
import { fileResponse } from "../files/fileResponse.ts"
import { Renderer } from "../rendering/Renderer.ts"
import { ReportRuns } from "../runs/ReportRuns.ts"
import type { Run } from "../runs/Run.ts"
import { isId } from "./isId.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup, trusted } from "./markup.ts"
import { away, notFound } from "./problemPages.ts"
import { readBlocks } from "./readBlocks.ts"
import type { Visitor } from "./Visitor.ts"

const formats = RenderFormat.literals

const names: Readonly<Record<RenderFormat, string>> = {
  html: "Page",
  pdf: "PDF",
  xlsx: "Excel",
  csv: "CSV (zip)",
  png: "Picture",
  json: "JSON"
}

const missing = (project: string): Response =>
  notFound(project, "reports", "There is no such run, or it is kept no longer")

const downloads = (run: Run): Markup =>
  html`<nav class="no-print" aria-label="Files of this report"><ul class="formats">${formats.map(
    (format) => html`<li><a href="/runs/${run.id}/${format}">${names[format]}</a></li>`
  )}</ul></nav>`

const headOf = (document: ReportDocument): Markup => {
  const { asOf, notices, range, subtitle, timezone, title } = documentHead(document)
  return html`<div><h1 dir="auto">${title}</h1>
${subtitle === null ? undefined : html`<p class="subtitle" dir="auto">${subtitle}</p>`}
<dl class="facts">${range === null ? undefined : html`<div><dt>Period</dt><dd>${range}</dd></div>`}<div><dt>As of</dt><dd>${asOf}</dd></div><div><dt>Time zone</dt><dd>${timezone}</dd></div></dl>
${
  notices.length === 0
    ? undefined
    : html`<ul class="notices" aria-label="Notices">${notices.map(
        ({ label, text }) => html`<li><b>${label}:</b> <bdi>${text}</bdi></li>`
      )}</ul>`
}</div>`
}

/** What a report said when it was made, and its files. */
export const runPage = (id: string) =>
  Effect.fn("Web.run")(function* ({ project, projectId }: Visitor) {
    if (!isId(id)) return missing(project)
    const runs = yield* ReportRuns
    const found = yield* Effect.result(runs.get(projectId, id))
    if (found._tag === "Failure")
      return found.failure._tag === "RunNotFound"
        ? missing(project)
        : away("Runs cannot be read.", { project, section: "reports" })
    const run = found.success
    if (run.state !== "succeeded")
      return pageResponse({
        title: run.name,
        project,
        section: "reports",
        body: html`<div><h1 dir="auto">${run.name}</h1>${
          run.state === "running"
            ? html`<p>It is being made. <a href="/runs/${run.id}">Look again</a> in a moment.</p>`
            : html`<p class="problem">It could not be made: <bdi>${run.error ?? "nobody knows why"}</bdi></p>`
        }</div>`
      })
    const kept = yield* Effect.result(runs.kept(run))
    if (kept._tag === "Failure")
      return kept.failure._tag === "RunNotFound"
        ? missing(project)
        : away("The report cannot be read.", { project, section: "reports" })
    const document = kept.success
    const drawn = yield* Effect.result((yield* Renderer).render(document, "blocks"))
    if (drawn._tag === "Failure")
      return away("The report cannot be drawn.", { project, section: "reports" })
    const blocks = yield* readBlocks(drawn.success.bytes)
    return pageResponse({
      title: document.title,
      project,
      section: "reports",
      body: html`${headOf(document)}
${downloads(run)}
${blocks.map(trusted)}`
    })
  })

/** A file of a run for whoever is signed in. */
export const runFile = (id: string, wanted: string) =>
  Effect.fn("Web.file")(function* ({ project, projectId }: Visitor) {
    const format = formats.find((it) => it === wanted)
    if (format === undefined || !isId(id)) return missing(project)
    const runs = yield* ReportRuns
    const made = yield* Effect.result(
      Effect.flatMap(runs.get(projectId, id), (run) => runs.file(run, format))
    )
    if (made._tag === "Success") return fileResponse(made.success)
    switch (made.failure._tag) {
      case "RunNotFound":
        return missing(project)
      case "RendersBusy":
        return away("Many reports are being drawn.", { project, section: "reports" })
      case "RenderFailed":
        return away(made.failure.detail ?? "The file could not be made.", {
          project,
          section: "reports"
        })
      case "ReportsUnavailable":
        return away("The file cannot be read.", { project, section: "reports" })
    }
  })
