import { posix } from "node:path"
import type { Fault } from "./Fault.ts"
import type { Link, Page } from "./Page.ts"

/** Hosts that a page may send its reader to; ask before one is added. */
const allowedHosts = new Set([
  "github.com",
  "clickhouse.com",
  "www.postgresql.org",
  "opentelemetry.io",
  "kubernetes.io",
  "segment.com",
  "www.rudderstack.com",
  "www.rfc-editor.org",
  "observablehq.com",
  "tilt.dev",
  "kind.sigs.k8s.io",
  "kustomize.io",
  "keepachangelog.com",
  "semver.org",
  "www.standardwebhooks.com"
])

/** Where every page can be found from. */
export const indexPath = "docs/README.md"

interface Target {
  readonly path: string
  readonly anchor: string
}

const scheme = /^[a-z][a-z0-9+.-]*:/i

/** What a relative link names; undefined for others. */
const targetOf = (page: Page, { target }: Link): Target | undefined => {
  if (scheme.test(target) || target.startsWith("//")) return undefined
  const [file = "", anchor = ""] = target.split("#")
  const path =
    file === ""
      ? page.path
      : posix.join(posix.dirname(page.path), decodeURIComponent(file))
  return { path: path.replace(/\/$/, ""), anchor: decodeURIComponent(anchor) }
}

const outside = ({ target }: Link): string | undefined => {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url === undefined) return `${target} is no address`
  if (url.protocol !== "https:") return `${target} is not https:`
  return allowedHosts.has(url.host)
    ? undefined
    : `${url.host} is not on the list of hosts in tools/docs/src/checkLinks.ts`
}

/** A folder stands for its README. */
const pageAt = (pages: ReadonlyMap<string, Page>, path: string) =>
  pages.get(path) ?? pages.get(posix.join(path, "README.md"))

/**
 * Links that lead nowhere, and pages that cannot be reached from the index.
 * @param exists whether there is a file or folder at a path from the root
 */
export const checkLinks = (
  all: ReadonlyArray<Page>,
  exists: (path: string) => boolean
): ReadonlyArray<Fault> => {
  const pages = new Map(all.map((page) => [page.path, page]))
  const judge = (page: Page, link: Link): string | undefined => {
    const target = targetOf(page, link)
    if (target === undefined) return outside(link)
    const { anchor, path } = target
    if (path.startsWith("..") || path.startsWith("/"))
      return `${link.target} leads out of the repository`
    if (!exists(path)) return `${link.target}: there is no ${path}`
    const lines = /^L\d+(-L\d+)?$/.test(anchor)
    if (anchor === "" || (lines && !path.endsWith(".md"))) return undefined
    return pageAt(pages, path)?.anchors.has(anchor)
      ? undefined
      : `${link.target}: ${path} has no heading #${anchor}`
  }
  const broken = all.flatMap((page) =>
    page.links.flatMap((link) => {
      const reason = judge(page, link)
      return reason === undefined ? [] : [{ path: page.path, line: link.line, reason }]
    })
  )
  return [...broken, ...unreachable(pages)]
}

const unreachable = (pages: ReadonlyMap<string, Page>): ReadonlyArray<Fault> => {
  const found = new Set<string>()
  const waiting = [indexPath]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const page = pageAt(pages, path)
    if (page === undefined || found.has(page.path)) continue
    found.add(page.path)
    for (const link of page.links) {
      const target = targetOf(page, link)
      if (target !== undefined) waiting.push(target.path)
    }
  }
  return [...pages.keys()]
    .filter((path) => !found.has(path))
    .map((path) => ({ path, line: 1, reason: `no link leads to it from ${indexPath}` }))
}
