import type { Statement, Written } from "@analytics/analytics-core/query/Compiled"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import type { ClickHouse, RequestOptions, Table } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { tableFilters } from "@analytics/database/TableFilters"
import { Effect, Schema } from "effect"
import { refusalOf } from "./checkQuery.ts"
import { engineFault, syntaxFault } from "./engineFaults.ts"
import { type StoreTables, storeFilters } from "./storeFilters.ts"
import { type Node, treeOf } from "./syntaxTree.ts"
import { isBalanced, tokensOf } from "./writtenText.ts"

type Settings = NonNullable<RequestOptions["settings"]>

/** Rows of all tables together that one query may read. */
const MAX_ROWS_TO_READ = "1000000000"

/**
 * No expression of a client may see rows of others, not even to fail because of them. The
 * views take these away under PREWHERE; nothing may move up to it, read a projection
 * instead, or answer from what another query left behind.
 */
const guarded: Settings = {
  optimize_move_to_prewhere: 0,
  optimize_use_projections: 0,
  optimize_use_implicit_projections: 0,
  use_query_cache: 0,
  use_query_condition_cache: 0,
  allow_introspection_functions: 0,
  allow_ddl: 0,
  joined_subquery_requires_alias: 0,
  max_rows_to_read: MAX_ROWS_TO_READ,
  max_subquery_depth: "50",
  max_expanded_ast_elements: "100000",
  max_ast_elements: "100000"
}

const ADDED_FORMAT = " Identifier JSONCompact"

interface Checked {
  /** As the engine's formatter wrote it: what was checked is what runs. */
  readonly text: string
  readonly tree: Node
}

/** Runs what clients wrote. Faults of theirs are `QueryInvalid`, all others the engine's. */
export const makeWrittenSql = Effect.fnUntraced(function* (
  clickhouse: ClickHouse["Service"],
  settings: Settings
) {
  const ask = (text: string, params: { readonly [name: string]: unknown }) =>
    clickhouse.table(text, { params, settings })

  const tables = yield* ask(
    "SELECT currentDatabase(), groupArray(name) FROM system.tables WHERE database = currentDatabase()",
    {}
  ).pipe(Effect.map(storeTables), Effect.cachedWithTTL("1 minute"))

  const formatted = Effect.fn("WrittenSql.format")(function* ({ query }: Written) {
    if (query.includes("\0"))
      return yield* QueryInvalid.at("/query", "It has a NUL character")
    const { rows } = yield* ask("SELECT formatQuerySingleLine({query:String})", {
      query: query.toWellFormed()
    }).pipe(Effect.mapError(refused(syntaxFault)))
    const text = String(rows[0]?.[0])
    const tokens = tokensOf(text)
    if (!/^(?:SELECT|WITH|\()/u.test(text) || !tokens || !isBalanced(tokens))
      return yield* QueryInvalid.at("/query", "Only one SELECT is allowed")
    return { text, tokens }
  })

  const parsed = Effect.fn("WrittenSql.parse")(function* (
    text: string,
    { params }: Written
  ) {
    // The format that the client adds becomes a part of what is explained. Not as a table
    // function: that leaves out what a window is made of. What a WITH names is not copied
    // into the other SELECTs of a union before it is shown: the tree is what is written.
    const { rows } = yield* clickhouse
      .table(`EXPLAIN AST ${text}`, {
        params,
        settings: {
          ...settings,
          default_format: "JSONCompact",
          enable_global_with_statement: 0
        }
      })
      .pipe(Effect.mapError(refused(engineFault)))
    const lines = rows.map(([line]) => String(line))
    return lines.at(-1) === ADDED_FORMAT ? treeOf(lines.slice(0, -1)) : undefined
  })

  const checked = Effect.fn("WrittenSql.check")(function* (
    written: Written,
    known: StoreTables
  ) {
    const { text, tokens } = yield* formatted(written)
    const params = Object.keys(written.params)
    const early = refusalOf({ tokens, params, tables: known.tables, tree: undefined })
    if (early) return yield* QueryInvalid.at(early.pointer, early.detail)
    const tree = yield* parsed(text, written)
    if (!tree) return yield* QueryInvalid.at("/query", "Only one SELECT is allowed")
    const refusal = refusalOf({ tokens, params, tables: known.tables, tree })
    if (refusal) return yield* QueryInvalid.at(refusal.pointer, refusal.detail)
    return { text, tree }
  })

  return {
    check: Effect.fn("WrittenSql.judge")(function* (written: Written) {
      yield* checked(written, yield* tables)
    }),
    run: Effect.fn("WrittenSql.run")(function* (views: Statement, written: Written) {
      const known = yield* tables
      const query = yield* checked(written, known)
      return yield* clickhouse
        .table(withViews(views.sql, query), {
          params: { ...written.params, ...views.params, _database: known.database },
          settings: {
            ...settings,
            ...guarded,
            limit: String(written.rows),
            ...tableFilters(storeFilters(known, written))
          }
        })
        .pipe(Effect.mapError(refused(engineFault)))
    })
  }
})

/** The views come first in the query's own WITH, or around it when it is no plain SELECT. */
const withViews = (views: string, { text, tree }: Checked): string => {
  const isPlain =
    tree.children[0]?.children.length === 1 &&
    tree.children[0].children[0]?.type === "SelectQuery"
  if (isPlain && text.startsWith("WITH ")) return `WITH ${views}, ${text.slice(5)}`
  return isPlain && text.startsWith("SELECT ")
    ? `WITH ${views} ${text}`
    : `WITH ${views} SELECT * FROM (${text})`
}

const decodeTables = Schema.decodeUnknownSync(
  Schema.Tuple([Schema.String, Schema.Array(Schema.String)])
)

const storeTables = ({ rows }: Table): StoreTables => {
  const [database, names] = decodeTables(rows[0])
  return { database, tables: new Set(names) }
}

/** Faults of the query become the client's, in our words. */
const refused =
  (say: (error: ClickHouseError) => string) =>
  (error: ClickHouseError): ClickHouseError | QueryInvalid =>
    error.kind === "query" || error.kind === "data"
      ? QueryInvalid.at("/query", say(error))
      : error
