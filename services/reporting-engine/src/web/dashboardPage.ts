import { blockOf } from "@analytics/reports/blocks/blockOf"
import { formatInstant } from "@analytics/reports/format/formatCell"
import type { Block, ReportDocument } from "@analytics/reports/ReportDocument"
import { Effect } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import type { DashboardResult } from "../analytics/AnalyticsViews.ts"
import { Renderer } from "../rendering/Renderer.ts"
import { isId } from "./isId.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup, trusted } from "./markup.ts"
import { away, notFound } from "./problemPages.ts"
import { readBlocks } from "./readBlocks.ts"
import type { Visitor } from "./Visitor.ts"

const ranges = [
  ["today", "Today"],
  ["last_7d", "Last 7 days"],
  ["last_30d", "Last 30 days"],
  ["last_90d", "Last 90 days"],
  ["this_month", "This month"]
] as const

/** The zone that a dashboard says goes before that of a query, and this before the project's. */
const blockOfTile = (
  tile: DashboardResult["tiles"][number],
  timezone: { readonly said: string | null; readonly usual: string }
): Block => {
  switch (tile.type) {
    case "markdown":
      return { type: "markdown", text: tile.markdown }
    case "problem":
      return {
        type: "failed",
        title: tile.insight.name,
        detail: tile.problem.detail ?? "It cannot be answered right now."
      }
    case "answer": {
      const { answer, insight } = tile
      const { chart, description, name, query } = insight
      const { asOf } = answer.meta
      return blockOf({
        title: name,
        ...(description === "" ? {} : { description }),
        request: query,
        answer: { kind: answer.kind, result: answer.result, asOf },
        timezone: timezone.said ?? ownZone(query) ?? timezone.usual,
        shown: chart
      })
    }
  }
}

const ownZone = ({
  timezone
}: Readonly<Record<string, unknown>>): string | undefined =>
  typeof timezone === "string" ? timezone : undefined

const chooser = (asked: string | undefined): Markup =>
  html`<form class="row no-print" method="get"><div><label for="range">Period</label>
<select id="range" name="range"><option value="">As saved</option>${ranges.map(
    ([value, name]) =>
      html`<option value="${value}"${
        value === asked ? trusted(" selected") : undefined
      }>${name}</option>`
  )}</select></div><button>Show</button></form>`

const missing = (project: string): Response =>
  notFound(project, "dashboards", "There is no such dashboard")

/** A dashboard with what its tiles say now; `range` in place of the saved one. */
export const dashboardPage = (id: string, asked: string | undefined) =>
  Effect.fn("Web.dashboard")(function* ({ project, projectId, timezone }: Visitor) {
    if (!isId(id)) return missing(project)
    const range = ranges.find(([value]) => value === asked)?.[0]
    const analytics = yield* Analytics
    const found = yield* Effect.result(
      analytics.dashboardResult(projectId, id, range === undefined ? {} : { range })
    )
    if (found._tag === "Failure")
      return found.failure._tag === "AnalyticsRefused" && found.failure.answered === 404
        ? missing(project)
        : away("The dashboard cannot be answered.", { project, section: "dashboards" })
    const { asOf, dashboard, tiles } = found.success
    const zone = dashboard.timezone ?? timezone
    const document: ReportDocument = {
      title: dashboard.name,
      project,
      timezone: zone,
      locale: "en",
      asOf,
      notices: [],
      blocks: tiles.map((tile) =>
        blockOfTile(tile, { said: dashboard.timezone, usual: timezone })
      )
    }
    const drawn = yield* Effect.result((yield* Renderer).render(document, "blocks"))
    if (drawn._tag === "Failure")
      return away("Too much is being drawn.", { project, section: "dashboards" })
    const blocks = yield* readBlocks(drawn.success.bytes)
    return pageResponse({
      title: dashboard.name,
      project,
      section: "dashboards",
      body: html`<div class="top"><div><h1 dir="auto">${dashboard.name}</h1>
${dashboard.description === "" ? undefined : html`<p class="subtitle" dir="auto">${dashboard.description}</p>`}
<p class="soft">As of <time datetime="${asOf}">${formatInstant(asOf, document)}</time> (${zone})</p></div>
${chooser(range)}</div>
${tiles.length === 0 ? html`<p class="soft">This dashboard has no tiles.</p>` : undefined}
<div class="tiles">${blocks.map(
        (block, at) =>
          html`<div class="tile" style="--width:${tiles[at]?.width ?? 12}">${trusted(block)}</div>`
      )}</div>`
    })
  })
