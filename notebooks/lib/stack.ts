import { html } from "htl"

/** A project that the preview has a key for; the key itself never reaches the page. */
export interface Project {
  readonly id: string
  readonly name: string
}

/** What a service answers when it refuses (RFC 9457). */
interface Problem {
  readonly title?: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<{ readonly pointer: string; readonly detail: string }>
}

/** Shows something in the cell that runs. */
type Display = (value: unknown) => unknown

/**
 * A wait without an end: the cells that need its value stay empty, without an error. When the
 * cell is to run anew it ends, because the runtime lets no cell run before its last run ended.
 */
const held = <A>(invalidation: Promise<unknown>): Promise<A> =>
  new Promise((_, reject) => {
    invalidation.then(() => reject(new Error("It is asked anew.")))
  })

const send = async <A>(
  path: string,
  options: RequestInit,
  invalidation?: Promise<unknown>
): Promise<A> => {
  const gone = new AbortController()
  // A parameter has changed: nobody waits for this answer any more.
  invalidation?.then(() => gone.abort())
  const response = await fetch(`/stack/${path}`, {
    ...options,
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(120_000)])
  }).catch((error: unknown) => {
    // Nobody is told: the runtime forgets what a run that is over says.
    if (gone.signal.aborted) throw new Error("It is asked anew.")
    throw new Error(`The preview does not answer (make notebooks): ${error}`)
  })
  const body = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(sentence(response.status, body))
  return body
}

const sentence = (status: number, { detail, errors = [], title }: Problem): string =>
  [
    `${status}: ${detail ?? title ?? "refused"}`,
    ...errors.map((it) => `${it.pointer}: ${it.detail}`)
  ].join("\n")

/** The projects to choose from, the demo's first. */
export const projects = (): Promise<ReadonlyArray<Project>> => send("projects", {})

/**
 * Asks `POST /v1/query` and answers its `result`.
 * @param invalidation of the cell, which ends a question that nobody waits for.
 */
export const ask = async <A>(
  project: Project,
  question: object,
  invalidation?: Promise<unknown>
): Promise<A> => {
  const { result } = await post<{ result: A }>(
    project,
    "analytics-api/v1/query",
    question,
    invalidation
  )
  return result
}

/** Reads what a service has at a path, such as `data-ingestion/v1/accounting`. */
export const read = <A>(
  project: Project,
  path: string,
  invalidation?: Promise<unknown>
): Promise<A> => send(`${project.id}/${path}`, {}, invalidation)

/** Asks a service that wants the question as a body. */
export const post = <A>(
  project: Project,
  path: string,
  body: object,
  invalidation?: Promise<unknown>
): Promise<A> =>
  send(
    `${project.id}/${path}`,
    { method: "POST", body: JSON.stringify(body) },
    invalidation
  )

/** Rows of SQL as objects; 64-bit integers, which leave as text, become numbers. */
export const rows = async (
  project: Project,
  query: string,
  params: object = {},
  invalidation?: Promise<unknown>
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const { columns, rows } = await ask<{
    columns: ReadonlyArray<{ name: string; type: string }>
    rows: ReadonlyArray<ReadonlyArray<unknown>>
  }>(project, { kind: "sql", query, params, limit: 10_000 }, invalidation)
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name, type }, at) => [name, cellValue(type, row[at])])
    )
  )
}

const cellValue = (type: string, value: unknown): unknown => {
  if (value === null || typeof value !== "string") return value
  if (/^(?:Nullable\()?U?Int64/u.test(type)) return Number(value)
  if (/^(?:Nullable\()?Date/u.test(type)) return new Date(`${value.replace(" ", "T")}Z`)
  return value
}

/**
 * Names of the project's events, the most frequent first. Of an empty project it shows what
 * to do, and the cells that need the names wait.
 */
export const eventNames = async (
  project: Project,
  display: Display,
  invalidation: Promise<unknown>
): Promise<ReadonlyArray<string>> => {
  const { events } = await read<{ events: ReadonlyArray<{ event: string }> }>(
    project,
    "analytics-api/v1/catalogue/events",
    invalidation
  )
  // Who somebody is, is no activity.
  const names = events
    .map(({ event }) => event)
    .filter((name) => !["$identify", "$group", "$alias"].includes(name))
  if (names.length > 0) return names
  return waitFor(
    display,
    invalidation,
    "This project has no events yet.",
    html`Send some (<code>make demo</code> fills the demo's project;
      <a href="/docs/imports.md">imports</a> bring history), wait a few seconds and load
      this page again.`
  )
}

/** A remark that stands out: what is missing, or what a number does not tell. */
export const note = (title: string, text: unknown): Node | null =>
  html`<aside class="note" role="note"><strong>${title}</strong> ${text}</aside>`

/** Shows a note, and lets the cells that need this one wait. */
export const waitFor = <A>(
  display: Display,
  invalidation: Promise<unknown>,
  title: string,
  text: unknown
): Promise<A> => {
  display(note(title, text))
  return held(invalidation)
}
