import { pageResponse } from "./layout.ts"
import { html } from "./markup.ts"

interface Asking {
  /** What was wrong with the last key. */
  readonly problem?: string
  readonly status?: number
  /** A path of ours to go on to. */
  readonly next?: string
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks for a secret key. */
export const loginPage = ({
  next = "/",
  problem,
  status = 200,
  ...answer
}: Asking = {}): Response =>
  pageResponse(
    {
      title: problem === undefined ? "Sign in" : "Not signed in",
      body: html`<div class="sign-in"><h1>Sign in</h1>
<p>With a secret key of the project that may read reports (scope <code>reports</code> or <code>query</code>). It is kept in this browser, encrypted, for twelve hours.</p>
${problem === undefined ? undefined : html`<p class="problem" id="problem" role="alert">${problem}</p>`}
<form method="post" action="/login" class="row">
${next === "/" ? undefined : html`<input type="hidden" name="next" value="${next}">`}
<div><label for="key">Secret key</label>
<input id="key" name="key" type="password" required autocomplete="current-password" spellcheck="false"${
        problem === undefined
          ? undefined
          : html` aria-invalid="true" aria-describedby="problem"`
      }></div>
<button>Sign in</button>
</form></div>`
    },
    { status, ...answer }
  )
