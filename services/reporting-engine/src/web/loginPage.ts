import { pageResponse } from "./layout.ts"
import { html } from "./markup.ts"

/** Asks for a secret key; `problem` says what was wrong with the last one. */
export const loginPage = (problem?: string, status = 200): Response =>
  pageResponse(
    {
      title: problem === undefined ? "Sign in" : "Not signed in",
      body: html`<h1>Sign in</h1>
<p>With a secret key of the project that may read reports (scope <code>reports</code> or <code>query</code>). It is kept in this browser, encrypted, for twelve hours.</p>
${problem === undefined ? undefined : html`<p class="problem" id="problem" role="alert">${problem}</p>`}
<form method="post" action="/login" class="row">
<div><label for="key">Secret key</label>
<input id="key" name="key" type="password" required autocomplete="current-password" spellcheck="false"${
        problem === undefined
          ? undefined
          : html` aria-invalid="true" aria-describedby="problem"`
      }></div>
<button>Sign in</button>
</form>`
    },
    { status }
  )
