import {
  type Row,
  type Statement,
  statement
} from "@analytics/analytics-core/query/Compiled"
import { pattern } from "@analytics/analytics-core/query/filterSql"
import { hasLinksSql } from "@analytics/analytics-core/query/People"
import type { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { hasRemovalsSql } from "@analytics/analytics-core/query/removed"
import { sql } from "@analytics/analytics-core/query/Sql"
import { hasTraitChangesSql } from "@analytics/analytics-core/query/traits/hasTraitChanges"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse, type Table } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Duration, Effect, Layer } from "effect"
import { makeWrittenSql } from "../sql/writtenSql.ts"
import { timedOut } from "./QueryAdmission.ts"
import { atPaceOf, QueryAllowance } from "./QueryAllowance.ts"
import {
  QueriesUnavailable,
  type QueryTimedOut,
  QueryTooLarge
} from "./QueryProblems.ts"

type RepoProblem = QueryTimedOut | QueryTooLarge | QueriesUnavailable

export interface Answered {
  readonly rows: ReadonlyArray<Row>
  /** Rows the store looked at. */
  readonly rowsRead: number
  /** The same in bytes, before compression. */
  readonly bytesRead?: number
}

/** The event store, under the limits of one query. Interruption cancels the query there. */
export class QueryRepo extends Context.Service<
  QueryRepo,
  {
    run(query: Statement): Effect.Effect<Answered, RepoProblem | QueryInvalid>
    /** Refuses what a client wrote as `run` does before it reads anything. */
    check(query: Statement): Effect.Effect<void, RepoProblem | QueryInvalid>
    /** Whether the project is known to have links. */
    isLinked(projectId: number): boolean
    /** Whether ids of the project stood for other people by then. */
    hasLinks(projectId: number, watermark: number): Effect.Effect<boolean, RepoProblem>
    /** Whether traits of the project are known to have changed otherwise than by being set. */
    isChanging(projectId: number): boolean
    /** The same as known by then. */
    hasTraitChanges(
      projectId: number,
      watermark: number
    ): Effect.Effect<boolean, RepoProblem>
    /** Whether something of the project is being erased or expires. */
    hasRemovals(projectId: number): Effect.Effect<boolean, RepoProblem>
    /** Whether the engine can compile this pattern. */
    isPattern(text: string): Effect.Effect<boolean, RepoProblem>
  }
>()("@analytics/analytics-api/query/QueryRepo") {
  static readonly layer = Layer.effect(
    QueryRepo,
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const { timeout, memoryLimit, threads } = yield* QueryConfig
      const settings = {
        max_execution_time: Math.ceil(Duration.toSeconds(timeout)),
        max_memory_usage: String(memoryLimit),
        ...(threads > 0 ? { max_threads: threads } : {}),
        // A request is bounded before it gets here; the engine's own bounds are for people.
        max_query_size: String(MAX_QUERY_BYTES),
        max_ast_elements: String(MAX_ELEMENTS),
        max_expanded_ast_elements: String(MAX_ELEMENTS),
        max_result_bytes: String(MAX_RESULT_BYTES),
        readonly: "1" as const
      }

      const paced = atPaceOf(clickhouse)

      const ask = ({ sql: text, params }: Statement) =>
        paced.table(text, { params, settings })

      const writtenSql = yield* makeWrittenSql(paced, settings)

      /** What a client wrote has one row: the whole answer by position. */
      const answered = (query: Statement) =>
        query.written
          ? Effect.map(
              writtenSql.run(query, query.written),
              ({ bytesRead, rowsRead, ...table }): Answered => ({
                rows: [{ ...table }],
                rowsRead,
                bytesRead
              })
            )
          : Effect.map(
              ask(query),
              (table): Answered => ({
                rows: rowsOf(table),
                rowsRead: table.rowsRead,
                bytesRead: table.bytesRead
              })
            )

      /** Says what the client may know; the rest is in our log. */
      const refuse = (error: ClickHouseError): Effect.Effect<never, RepoProblem> => {
        if (error.kind === "timeout")
          return Effect.flatMap(QueryAllowance, (allowance) =>
            Effect.fail(timedOut(allowance?.timeout ?? timeout))
          )
        if (error.code === MEMORY_LIMIT_EXCEEDED)
          return Effect.fail(
            new QueryTooLarge({
              detail: `A query may use ${Math.round(memoryLimit / 2 ** 20)} MiB. Ask for a shorter range or a breakdown with fewer values.`
            })
          )
        if (isTooLarge(error))
          return Effect.fail(
            new QueryTooLarge({
              detail: "Ask for fewer series or steps, filters or groups at once."
            })
          )
        return Effect.logError("query failed in the event store", error).pipe(
          Effect.andThen(
            error.kind === "transient" || error.kind === "cancelled"
              ? Effect.fail(new QueriesUnavailable({}))
              : // We wrote the statement: that it is wrong is our defect.
                Effect.die(error)
          )
        )
      }

      const linked = new Set<number>()
      const changing = new Set<number>()
      /** By which watermark projects had no changes of traits. */
      const unchanged = new Map<number, number>()

      return QueryRepo.of({
        run: (query) =>
          answered(query).pipe(
            Effect.catchTag("ClickHouseError", refuse),
            Effect.withSpan("QueryRepo.run", { attributes: { statement: query.name } })
          ),
        check: Effect.fn("QueryRepo.check")(({ written }) =>
          written
            ? writtenSql.check(written).pipe(Effect.catchTag("ClickHouseError", refuse))
            : Effect.void
        ),
        isLinked: (projectId) => linked.has(projectId),
        hasLinks: Effect.fn("QueryRepo.hasLinks")(function* (projectId, watermark) {
          // Once there are links there always are; for an earlier watermark they cost, but change nothing.
          if (linked.has(projectId)) return true
          const { rows } = yield* ask(
            statement("links", hasLinksSql(projectId, watermark))
          ).pipe(Effect.catchTag("ClickHouseError", refuse))
          if (rows.length > 0) linked.add(projectId)
          return rows.length > 0
        }),
        isChanging: (projectId) => changing.has(projectId),
        hasTraitChanges: Effect.fn("QueryRepo.hasTraitChanges")(
          function* (projectId, watermark) {
            if (changing.has(projectId)) return true
            const without = unchanged.get(projectId)
            const { rows } = yield* ask(
              statement(
                "trait-changes",
                hasTraitChangesSql(projectId, watermark, without)
              )
            ).pipe(Effect.catchTag("ClickHouseError", refuse))
            if (rows.length > 0) changing.add(projectId)
            else if (watermark > (unchanged.get(projectId) ?? 0))
              unchanged.set(projectId, watermark)
            return rows.length > 0
          }
        ),
        hasRemovals: Effect.fn("QueryRepo.hasRemovals")((projectId) =>
          ask(statement("removals", hasRemovalsSql(projectId))).pipe(
            Effect.map(({ rows }) => rows.length > 0),
            Effect.catchTag("ClickHouseError", refuse)
          )
        ),
        isPattern: Effect.fn("QueryRepo.isPattern")((text) =>
          ask(statement("pattern", sql`SELECT match('', ${pattern(text)})`)).pipe(
            Effect.as(true),
            Effect.catchTag("ClickHouseError", (error) =>
              error.code === CANNOT_COMPILE_REGEXP
                ? Effect.succeed(false)
                : refuse(error)
            )
          )
        )
      })
    })
  )
}

const MEMORY_LIMIT_EXCEEDED = 241
const CANNOT_COMPILE_REGEXP = 427
const SYNTAX_ERROR = 62

const MAX_QUERY_BYTES = 16 * 2 ** 20
const MAX_ELEMENTS = 1_000_000
const MAX_RESULT_BYTES = 64 * 2 ** 20

/** Too deep or big a syntax tree, too much recursion or backtracking, too many rows. */
const sizeCodes = new Set([158, 167, 168, 229, 306, 396, 718])

const isTooLarge = ({ code, reason }: ClickHouseError): boolean =>
  code !== undefined &&
  (sizeCodes.has(code) ||
    (code === SYNTAX_ERROR && /max query size exceeded/iu.test(reason)))

const rowsOf = ({ columns, rows }: Table): ReadonlyArray<Row> =>
  rows.map((row) =>
    Object.fromEntries(columns.map(({ name }, index) => [name, row[index]]))
  )
