/** How an attempt ended. */
export interface Outcome {
  /**
   * `accepted`: the other side has it. `refused`: it never will take it. `deferred`: not
   * now. `unknown`: it may have it, and did not say so.
   */
  readonly kind: "accepted" | "refused" | "deferred" | "unknown"
  /** Of HTTP or SMTP; null: no answer came. */
  readonly code: number | null
  /** What was answered, or why nothing was. */
  readonly response: string
  /** Milliseconds that the other side asks to be left alone. */
  readonly retryAfter?: number
}

const MOST_TEXT = 1000

/** Control characters out, and no more of it than a person reads. */
export const bounded = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F]/gu, " ")
    .trim()
    .slice(0, MOST_TEXT)

export const outcome = (
  kind: Outcome["kind"],
  code: number | null,
  response: string,
  retryAfter?: number
): Outcome => ({
  kind,
  code,
  response: bounded(response),
  ...(retryAfter === undefined ? {} : { retryAfter })
})
