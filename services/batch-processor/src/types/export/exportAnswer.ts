import { arrow } from "@analytics/data-processing/tables/arrowTable"
import { columnsOf } from "@analytics/data-processing/tables/columnTypes"
import { parquet } from "@analytics/data-processing/tables/parquetTable"
import {
  nextCursorOf,
  type Tabular,
  tabular
} from "@analytics/data-processing/tables/tabular"
import {
  csv,
  ndjson,
  type TableFormat
} from "@analytics/data-processing/tables/textTable"
import { Effect, Option, Schema, Stream } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed } from "../../jobs/JobType.ts"
import { removalsOf } from "../removal/removalsOf.ts"
import type { Format, Payload } from "./ExportPayload.ts"
import { fileName, isThere, writeFile } from "./files.ts"
import { guarded } from "./guarded.ts"
import { ExportedColumn, ExportedFile } from "./Manifest.ts"
import { type Answer, QueryClient } from "./QueryClient.ts"

/** Of a page, as large as it may be, and of a file. */
const PAGE = 1000
const ROWS_OF_FILE = 20_000

const formats: Readonly<Record<Format, TableFormat>> = { csv, ndjson, arrow, parquet }

interface Asked {
  readonly payload: Payload
  readonly projectId: number
  readonly folder: string
  /** Of `POST /v1/query`, with its `asOf`. */
  readonly body: object
}

/** What is written of an answer, and where its next page begins. */
const Written = Schema.Struct({
  columns: Schema.Array(ExportedColumn),
  files: Schema.Array(ExportedFile),
  /** null: all of it is written. */
  cursor: Schema.NullOr(Schema.String),
  /** What was being removed before anything was read, and since when. */
  removals: Schema.Array(Schema.String)
})
type Written = typeof Written.Type

/** How often all is written again because people were erased meanwhile. */
const MOST_ROUNDS = 5

const isPaged = (body: object): boolean =>
  "kind" in body &&
  (body.kind === "people" ||
    body.kind === "events" ||
    (body.kind === "sessions" && "list" in body)) &&
  !("limit" in body) &&
  !("cursor" in body)

/**
 * All pages of the answer to a query, a number of them a file. Nobody is in it who was
 * erased meanwhile: then it is written anew.
 */
export const exportAnswer = Effect.fn("Export.answer")(function* (asked: Asked) {
  const { checkpoint, log, step } = yield* JobRun
  const kept = checkpoint("answer", Written)
  return yield* step(
    "files",
    Written,
    Effect.gen(function* () {
      let known = Option.getOrUndefined(yield* kept.read)
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const written = yield* writeAll(asked, known)
        if (yield* isClean(asked, written)) return written
        yield* log("info", "it is written anew: people or files were erased")
        known = undefined
      }
      return yield* new JobFailed({
        detail:
          "People were erased as fast as it was written. Start the export again when erasures have ended."
      })
    })
  )
})

/** Goes on after what is `known`. */
const writeAll = Effect.fnUntraced(function* (
  asked: Asked,
  known: Written | undefined
) {
  const { checkpoint, progress } = yield* JobRun
  const kept = checkpoint("answer", Written)
  let written =
    known ??
    (yield* writeNext(asked, {
      columns: [],
      files: [],
      cursor: null,
      removals: yield* removalsOf(asked.projectId)
    }))
  for (;;) {
    yield* kept.save(written)
    const done = written.files.reduce((sum, { rows }) => sum + rows, 0)
    yield* progress({ done, total: null, unit: "rows" })
    if (written.cursor === null) return written
    written = yield* writeNext(asked, written)
  }
})

const isClean = Effect.fnUntraced(function* (asked: Asked, written: Written) {
  const before = new Set(written.removals)
  const now = yield* removalsOf(asked.projectId)
  return (
    now.every((removal) => before.has(removal)) && (yield* areThere(asked, written))
  )
})

const areThere = ({ folder }: Asked, { files }: Written) =>
  Effect.map(
    Effect.forEach(files, (file) => isThere(folder, file)),
    (all) => all.every((it) => it)
  )

const writeNext = Effect.fnUntraced(function* (asked: Asked, before: Written) {
  const { compression = "none", format } = asked.payload
  const start = yield* ask(asked, before.cursor)
  const columns = columnsOf(start.answer.kind, start.answer.result, start.table)
  const writer = yield* formats[format].open(columns)
  const guard =
    asked.payload.formulaGuard === true ? guarded : (rows: Tabular["rows"]) => rows
  let rows = 0
  let cursor: string | null = null
  const pages = Stream.paginate(start, (page) =>
    Effect.gen(function* () {
      rows += page.table.rows.length
      cursor = page.cursor ?? null
      const parts = [writer.body(guard(page.table.rows))]
      return page.cursor === undefined || rows + PAGE > ROWS_OF_FILE
        ? ([parts, Option.none()] as const)
        : ([parts, Option.some(yield* ask(asked, page.cursor))] as const)
    })
  )
  const bytes = Stream.make(writer.head).pipe(
    Stream.concat(pages),
    // Some formats know their tail only when they have seen all rows.
    Stream.concat(Stream.suspend(() => Stream.make(writer.tail))),
    Stream.filter((part) => part.length > 0)
  )
  const name = fileName("rows", before.files.length, { compression, format })
  const file = yield* writeFile(asked.folder + name, { compression, format }, bytes)
  return {
    columns,
    files: [...before.files, { name, rows, ...file }],
    cursor,
    removals: before.removals
  }
})

interface Page {
  readonly answer: Answer
  readonly table: Tabular
  readonly cursor: string | undefined
}

const ask = Effect.fnUntraced(function* (
  { body, projectId }: Asked,
  cursor: string | null
) {
  const client = yield* QueryClient
  const answer = yield* client.answer(projectId, {
    ...body,
    ...(isPaged(body) ? { limit: PAGE } : {}),
    ...(cursor === null ? {} : { cursor })
  })
  const table = tabular(answer.kind, answer.result)
  if (table === undefined)
    return yield* new JobFailed({
      detail: `The kind ${answer.kind} is no table; ask for it as JSON.`
    })
  const page: Page = {
    answer,
    table,
    cursor: isPaged(body) ? nextCursorOf(answer.result) : undefined
  }
  return page
})
