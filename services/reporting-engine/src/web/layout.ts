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

const documentOf = ({ body, project, section, title }: Page): Markup =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}${project === undefined ? undefined : ` · ${project}`}</title>
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

/** Nothing but what the page itself has, no frame around it, and no trace of where one came from. */
const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

export const pageResponse = (
  page: Page,
  { cookie, status = 200 }: { readonly status?: number; readonly cookie?: string } = {}
): Response =>
  new Response(documentOf(page).text, {
    status,
    headers: { ...headers, ...(cookie === undefined ? {} : { "set-cookie": cookie }) }
  })

export const redirect = (location: string, cookie?: string): Response =>
  new Response(null, {
    status: 303,
    headers: {
      location,
      "cache-control": "no-store",
      ...(cookie === undefined ? {} : { "set-cookie": cookie })
    }
  })
