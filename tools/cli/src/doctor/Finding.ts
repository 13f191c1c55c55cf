/** What a check found, and what to do about it. */
export interface Finding {
  readonly state: "ok" | "warning" | "failure"
  readonly about: string
  readonly detail: string
  readonly remedy?: string
}

export const ok = (about: string, detail: string): Finding => ({
  state: "ok",
  about,
  detail
})
export const warning = (about: string, detail: string, remedy: string): Finding => ({
  state: "warning",
  about,
  detail,
  remedy
})
export const failure = (about: string, detail: string, remedy: string): Finding => ({
  state: "failure",
  about,
  detail,
  remedy
})

const marks = { ok: "✓", warning: "!", failure: "✗" } as const

export const drawFinding = ({ about, detail, remedy, state }: Finding): string =>
  `${marks[state]} ${about.padEnd(20)} ${detail}${remedy === undefined ? "" : `\n    → ${remedy}`}`
