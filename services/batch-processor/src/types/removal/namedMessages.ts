import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { JobUnavailable } from "../../jobs/JobType.ts"
import { LONG } from "./namedReports.ts"

const away = (error: { readonly _tag: string }) =>
  new JobUnavailable({ what: "Postgres", detail: error._tag })

const SAID = "What was to be read here named a person whose data has been erased since."

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}
const inHtml = (text: string) =>
  text.replaceAll(/[&<>"']/gu, (found) => entities[found] ?? "")
const inJson = (text: string) => JSON.stringify(text).slice(1, -1)

/** How ids look in messages: as JSON, and within HTML that is text in JSON. */
const textsOf = (ids: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(
    ids.flatMap((id) =>
      id.length < LONG
        ? [JSON.stringify(id), inJson(`>${inHtml(id)}<`)]
        : [inJson(id), inJson(inHtml(id))]
    )
  )
]

/**
 * What was said in messages of reports until an instant (epoch milliseconds) and names one of
 * these ids. The ledger of who was sent something stays.
 */
const named = (projectId: number, ids: ReadonlyArray<string>, until: number) =>
  Effect.map(
    SqlClient.SqlClient,
    (sql) => sql`
      m.project_id = ${String(projectId)}::text::bigint
      AND m.created_at <= ${new Date(until)}::timestamptz
      AND EXISTS (SELECT 1 FROM unnest(${textsOf(ids)}::text[]) AS q
                   WHERE strpos(m.content::text, q) > 0)`
  )

export const countMessages = Effect.fn("Removal.countMessages")(function* (
  projectId: number,
  ids: ReadonlyArray<string>,
  until: number
) {
  const sql = yield* SqlClient.SqlClient
  const where = yield* named(projectId, ids, until)
  const [row] = yield* sql<{ n: bigint }>`
      SELECT count(*) AS n FROM reports.messages AS m WHERE ${where}`
  return Number(row?.n ?? 0)
}, Effect.mapError(away))

/** Their words go; whoever gets one that waited reads why. */
export const emptyMessages = Effect.fn("Removal.emptyMessages")(function* (
  projectId: number,
  ids: ReadonlyArray<string>,
  until: number
) {
  const sql = yield* SqlClient.SqlClient
  const where = yield* named(projectId, ids, until)
  yield* sql`
      UPDATE reports.messages AS m
         SET content = jsonb_build_object(
               'kind', m.content -> 'kind', 'title', m.content -> 'title',
               'at', m.content -> 'at', 'summary', ${SAID}::text, 'data', NULL)
       WHERE ${where}`
}, Effect.mapError(away))
