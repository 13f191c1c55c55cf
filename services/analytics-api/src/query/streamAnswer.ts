import { columnsOf } from "@analytics/data-processing/tables/columnTypes"
import {
  nextCursorOf,
  type Tabular,
  tabular
} from "@analytics/data-processing/tables/tabular"
import type {
  TableFormat,
  TableWriter
} from "@analytics/data-processing/tables/textTable"
import { Context, Effect, Option, Predicate, Schedule, Stream } from "effect"
import type { QueryAnswer } from "./QueryAnswer.ts"
import { NotAcceptable, QueryTooLarge } from "./QueryProblems.ts"

/** Of one answer, over all its pages. */
const MOST_ROWS = 1_000_000
/** Of one page, when all of them are sent. */
const PAGE = 1000
const pagedKinds = new Set(["events", "people", "sessions"])

const tableOf = ({
  kind,
  result
}: QueryAnswer): Effect.Effect<Tabular, NotAcceptable> => {
  const table = tabular(kind, result)
  return table
    ? Effect.succeed(table)
    : Effect.fail(
        new NotAcceptable({ detail: `The kind ${kind} is answered as JSON only.` })
      )
}

const opened = ({ kind, result }: QueryAnswer, table: Tabular, format: TableFormat) =>
  format.open(columnsOf(kind, result, table))

const whole = (
  { body, head, tail }: TableWriter,
  table: Tabular,
  format: TableFormat
) =>
  new Response(Buffer.concat([head, body(table.rows), tail]), {
    headers: { "content-type": format.contentType }
  })

/** A whole answer as a table. */
export const tableResponse = Effect.fnUntraced(function* (
  answered: QueryAnswer,
  format: TableFormat
) {
  const table = yield* tableOf(answered)
  return whole(yield* opened(answered, table, format), table, format)
})

/**
 * An answer as a table, page after page as fast as the client takes them; a client that
 * names a `limit` or a `cursor` gets that page. Faults of the first page are problems, one
 * of a later page breaks the body off, so that nobody takes a part for the whole.
 */
export const streamAnswer = <E extends { readonly _tag: string }>(
  body: unknown,
  format: TableFormat,
  ask: (body: unknown) => Effect.Effect<QueryAnswer, E>
) =>
  Effect.gen(function* () {
    const first = yield* ask(isPaged(body) ? { ...body, limit: PAGE } : body)
    const table = yield* tableOf(first)
    const writer = yield* opened(first, table, format)
    if (!isPaged(body)) return whole(writer, table, format)
    const start = { table, cursor: nextCursorOf(first.result), rows: table.rows.length }
    const pages = Stream.paginate(start, ({ cursor, rows, table }) =>
      Effect.gen(function* () {
        const page = [writer.body(table.rows)]
        if (cursor === undefined) return [page, Option.none()] as const
        if (rows >= MOST_ROWS)
          return yield* new QueryTooLarge({
            detail: `At most ${MOST_ROWS} rows are sent at once.`
          })
        const next = yield* ask({ ...body, limit: PAGE, cursor }).pipe(
          Effect.retry({
            while: (error) => error._tag === "TooManyQueries",
            times: 20,
            schedule: Schedule.spaced("1 second").pipe(Schedule.jittered)
          })
        )
        const following = yield* tableOf(next)
        return [
          page,
          Option.some({
            table: following,
            cursor: nextCursorOf(next.result),
            rows: rows + following.rows.length
          })
        ] as const
      })
    )
    const context = yield* Effect.context<never>()
    const parts = Stream.make(writer.head).pipe(
      Stream.concat(pages),
      Stream.concat(Stream.make(writer.tail))
    )
    return new Response(
      Stream.toReadableStreamWith(
        parts.pipe(
          Stream.filter((part) => part.length > 0),
          Stream.tapCause((cause) => Effect.logWarning("an answer broke off", cause))
        ),
        Context.merge(context, Context.empty()),
        // Nothing is asked before it is wanted.
        { strategy: new CountQueuingStrategy({ highWaterMark: 0 }) }
      ),
      { headers: { "content-type": format.contentType } }
    )
  })

/** Whether all pages are wanted. */
const isPaged = (body: unknown): body is { readonly kind: string } =>
  Predicate.isObject(body) &&
  Predicate.hasProperty(body, "kind") &&
  Predicate.isString(body.kind) &&
  pagedKinds.has(body.kind) &&
  (body.kind !== "sessions" || Predicate.hasProperty(body, "list")) &&
  !Predicate.hasProperty(body, "limit") &&
  !Predicate.hasProperty(body, "cursor")
