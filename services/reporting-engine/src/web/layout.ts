import { createHash } from "node:crypto"
import { html, type Markup, trusted } from "./markup.ts"
import { style } from "./style.ts"

export type Section = "overview" | "dashboards" | "reports" | "alerts"

const sections: ReadonlyArray<{ section: Section; href: string; name: string }> = [
  { section: "overview", href: "/", name: "Overview" },
  { section: "dashboards", href: "/dashboards", name: "Dashboards" },
  { section: "reports", href: "/reports", name: "Reports" },
  { section: "alerts", href: "/alerts", name: "Alerts" }
]

export interface Page {
  readonly title: string
  readonly body: Markup
  /** Whose pages they are; none: nobody has signed in. */
  readonly project?: string
  /** Where in the navigation this page stands. */
  readonly section?: Section
}

const navigation = (project: string, current: Section | undefined): Markup =>
  html`<header class="bar"><div>
<strong dir="auto">${project}</strong>
<nav aria-label="Main"><ul>${sections.map(
    ({ href, name, section }) =>
      html`<li><a href="${href}"${
        section === current ? trusted(' aria-current="page"') : undefined
      }>${name}</a></li>`
  )}</ul></nav>
<form method="post" action="/logout"><button class="plain">Sign out</button></form>
</div></header>`

/** In the page itself: browsers would ask for one. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%232f74c0' d='M1 9h3v6H1zm5-4h3v10H6zm5-4h3v14h-3z'/%3E%3C/svg%3E"

const documentOf = ({ body, project, section, title }: Page): Markup =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}${project === undefined ? undefined : html` · ${project}`}</title>
<link rel="icon" href="${trusted(icon)}">
<style>${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
${project === undefined ? undefined : navigation(project, section)}
<div class="page wide"><main id="content" tabindex="-1">
${body}
</main></div>
</body>
</html>
`

/**
 * Nothing but what the page itself has, and no frame around it. The style sheet is known by
 * its hash, so that none can be slipped in; tables of Markdown have styles of their own.
 */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "style-src-attr 'unsafe-inline'",
  "img-src data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'"
].join("; ")

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
  // Other sites learn nothing; our own forms say where they come from.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex"
}

interface Answer {
  readonly status?: number
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
}

const cookied = (cookie: string | undefined) =>
  cookie === undefined ? {} : { "set-cookie": cookie }

export const pageResponse = (
  page: Page,
  { cookie, headers: more = {}, status = 200 }: Answer = {}
): Response =>
  new Response(documentOf(page).text, {
    status,
    headers: { ...headers, ...more, ...cookied(cookie) }
  })

export const redirect = (location: string, cookie?: string): Response =>
  new Response(null, {
    status: 303,
    headers: { location, "cache-control": "no-store", ...cookied(cookie) }
  })
