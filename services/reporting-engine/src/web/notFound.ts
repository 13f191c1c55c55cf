import { pageResponse, type Section } from "./layout.ts"
import { html } from "./markup.ts"

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
