import { type Page, pageResponse, type Section } from "./layout.ts"
import { html } from "./markup.ts"

/** Where a page stands, for whoever is signed in. */
type Place = Pick<Page, "project" | "section">

/** Something that the page needs does not answer. */
export const away = (why: string, place: Place = {}): Response =>
  pageResponse(
    {
      ...place,
      title: "Not available",
      body: html`<div><h1>Not available right now</h1><p>${why} Load the page again in a moment.</p>
<p><a href="/">Go to the overview</a></p></div>`
    },
    { status: 503, headers: { "retry-after": "10" } }
  )

/** What is not there, in the pages of a project. */
export const notFound = (project: string, section: Section, what: string): Response =>
  pageResponse(
    {
      title: what,
      project,
      section,
      body: html`<div><h1>${what}</h1><p>It may have been removed. <a href="/">Go to the overview</a>.</p></div>`
    },
    { status: 404 }
  )

/** Not known what went wrong; the log has it. */
export const failedPage = (): Response =>
  pageResponse(
    {
      title: "Something went wrong",
      body: html`<div><h1>Something went wrong</h1><p>This page could not be made. Load it again; if that does not help, the log of reporting-engine says more.</p>
<p><a href="/">Go to the overview</a></p></div>`
    },
    { status: 500 }
  )

/** An address that is none of ours. */
export const nothingHere = (): Response =>
  pageResponse(
    {
      title: "There is no such page",
      body: html`<div><h1>There is no such page</h1><p><a href="/">Go to the overview</a></p></div>`
    },
    { status: 404 }
  )
