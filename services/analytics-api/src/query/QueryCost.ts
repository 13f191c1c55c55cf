import type { Statement } from "@analytics/analytics-core/query/Compiled"
import { render, sql, uint32 } from "@analytics/analytics-core/query/Sql"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Cache, Context, Duration, Effect, Exit, Layer, Schema } from "effect"
import { QueriesUnavailable } from "./QueryProblems.ts"

/** What the event store would look at, by its index alone: an upper bound for most queries. */
export const QueryEstimate = Schema.Struct({
  rows: Schema.Finite,
  parts: Schema.Finite.annotate({ description: "Pieces of the store's tables" }),
  marks: Schema.Finite.annotate({ description: "Groups of 8192 rows" })
})
export type QueryEstimate = typeof QueryEstimate.Type

const Rows = Schema.Array(
  Schema.Struct({
    rows: Schema.FiniteFromString,
    parts: Schema.FiniteFromString,
    marks: Schema.FiniteFromString
  })
)

const PATIENCE = Duration.seconds(5)
const SIZES = 10_000

/** What could not be found out is asked again with the next query. */
const onceKnown = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) ? Duration.minutes(1) : Duration.zero

/** What a query would cost, asked before it runs. */
export class QueryCost extends Context.Service<
  QueryCost,
  {
    /** Of all statements together; of what clients wrote nothing is known. */
    estimate(
      statements: ReadonlyArray<Statement>
    ): Effect.Effect<QueryEstimate, QueriesUnavailable>
    /** Rows of the project, as of the last minute. */
    sizeOf(projectId: number): Effect.Effect<number, QueriesUnavailable>
  }
>()("@analytics/analytics-api/query/QueryCost") {
  static readonly layer = Layer.effect(
    QueryCost,
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse

      const unknown = (error: ClickHouseError | Schema.SchemaError) =>
        Effect.logWarning("a query could not be estimated", error).pipe(
          Effect.andThen(
            Effect.fail(
              new QueriesUnavailable({ detail: "It cannot be estimated now." })
            )
          )
        )

      const shards = yield* Cache.makeWith(
        (cluster: string) =>
          clickhouse
            .query<{ shards: string }>(
              "SELECT uniqExact(shard_num) AS shards FROM system.clusters WHERE cluster = {cluster:String}",
              { params: { cluster }, timeout: PATIENCE }
            )
            .pipe(
              Effect.map(([row]) => Math.max(1, Number(row?.shards ?? 1))),
              Effect.catch(unknown)
            ),
        { capacity: 1, timeToLive: onceKnown }
      )

      /** A table over shards is estimated on one of them, and each holds about as much. */
      const times =
        clickhouse.topology.cluster === undefined
          ? Effect.succeed(1)
          : Cache.get(shards, clickhouse.topology.cluster)

      const explain = ({ params, sql }: Pick<Statement, "params" | "sql">) =>
        clickhouse
          .query(`EXPLAIN ESTIMATE ${sql}`, {
            params,
            timeout: PATIENCE,
            settings: {
              readonly: "1",
              max_execution_time: Duration.toSeconds(PATIENCE),
              max_query_size: String(16 * 2 ** 20),
              max_ast_elements: "1000000",
              max_expanded_ast_elements: "1000000"
            }
          })
          .pipe(
            Effect.flatMap(Schema.decodeUnknownEffect(Rows)),
            Effect.catch(unknown),
            Effect.zipWith(times, (found, times) =>
              found.map(({ marks, parts, rows }) => ({
                rows: rows * times,
                parts: parts * times,
                marks: marks * times
              }))
            )
          )

      const sizes = yield* Cache.makeWith(
        (projectId: number) =>
          explain(
            render(
              sql`SELECT message_id FROM events WHERE project_id = ${uint32(projectId)}`
            )
          ).pipe(Effect.map((found) => added(found).rows)),
        { capacity: SIZES, timeToLive: onceKnown }
      )

      return QueryCost.of({
        estimate: Effect.fn("QueryCost.estimate")(function* (statements) {
          const found = yield* Effect.forEach(
            statements.filter((statement) => !statement.written),
            explain,
            { concurrency: 4 }
          )
          return added(found.flat())
        }),
        sizeOf: (projectId) => Cache.get(sizes, projectId)
      })
    })
  )
}

const added = (found: ReadonlyArray<QueryEstimate>): QueryEstimate =>
  found.reduce(
    (sum, { marks, parts, rows }) => ({
      rows: sum.rows + rows,
      parts: sum.parts + parts,
      marks: sum.marks + marks
    }),
    { rows: 0, parts: 0, marks: 0 }
  )
