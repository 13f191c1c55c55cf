import { blockOf } from "@analytics/reports/blocks/blockOf"
import { formatInstant } from "@analytics/reports/format/formatCell"
import type { Block, ReportDocument } from "@analytics/reports/ReportDocument"
import { Effect } from "effect"
import { type Shared, SharedLinks } from "../analytics/SharedLinks.ts"
import { Renderer } from "../rendering/Renderer.ts"
import { guarded } from "./guarded.ts"
import { pageResponse } from "./layout.ts"
import { html, trusted } from "./markup.ts"
import { readBlocks } from "./readBlocks.ts"

/** Whoever holds the address sees the page, so the address must not be passed on. */
const secret = { "referrer-policy": "no-referrer" }

const told = (
  title: string,
  why: string,
  status: number,
  headers: Readonly<Record<string, string>> = {}
): Response =>
  pageResponse(
    { title, body: html`<div><h1>${title}</h1><p>${why}</p></div>` },
    { status, headers: { ...secret, ...headers } }
  )

const away = (): Response =>
  told(
    "Not available right now",
    "This cannot be shown now. Load the page again in a moment.",
    503,
    { "retry-after": "10" }
  )

const blockOfTile = (tile: Shared["tiles"][number], asOf: string): Block => {
  switch (tile.type) {
    case "markdown":
      return { type: "markdown", text: tile.markdown }
    case "problem":
      return { type: "failed", title: tile.name, detail: tile.detail }
    case "answer": {
      const { asked, chart, description, kind, name, result, timezone } = tile
      return blockOf({
        title: name,
        ...(description === "" ? {} : { description }),
        request: asked,
        answer: { kind, result, asOf },
        timezone,
        shown: chart
      })
    }
  }
}

const shown = Effect.fn("Web.shared")(function* (token: string) {
  const found = yield* Effect.result((yield* SharedLinks).open(token))
  if (found._tag === "Failure") {
    const { failure } = found
    switch (failure._tag) {
      case "SharedMissing":
        return failure.ended
          ? told("This link has ended", "Ask who gave it to you for another one.", 410)
          : told(
              "There is nothing here",
              "The link is incomplete, or was deleted.",
              404
            )
      case "SharedTooOften":
        return told(
          "This link is opened very often",
          "Load the page again in a minute.",
          429,
          { "retry-after": failure.retryAfter }
        )
      case "AnalyticsUnavailable":
        return away()
    }
  }
  const { asOf, description, expiresAt, floor, name, tiles } = found.success
  const zones = tiles.flatMap((tile) => ("timezone" in tile ? [tile.timezone] : []))
  const timezone = zones[0] ?? "UTC"
  const document: ReportDocument = {
    title: name,
    project: "",
    timezone,
    locale: "en",
    asOf,
    notices: [],
    blocks: tiles.map((tile) => blockOfTile(tile, asOf))
  }
  const drawn = yield* Effect.result((yield* Renderer).render(document, "blocks"))
  if (drawn._tag === "Failure") return away()
  const blocks = yield* readBlocks(drawn.success.bytes)
  const at = (instant: string) =>
    html`<time datetime="${instant}">${formatInstant(instant, document)}</time>`
  return pageResponse(
    {
      title: name,
      body: html`<div><h1 dir="auto">${name}</h1>
${description === "" ? undefined : html`<p class="subtitle" dir="auto">${description}</p>`}
<p class="soft">As of ${at(asOf)} (${timezone})</p></div>
${blocks.map(trusted)}
<p class="soft">Numbers that fewer than ${floor} people stand behind are left out. This link ends ${at(expiresAt)}.</p>`
    },
    { headers: secret }
  )
})

/** What a share link shows, for whoever holds it: nobody signs in. */
export const sharedPage = (token: string) => guarded(shown(token))
