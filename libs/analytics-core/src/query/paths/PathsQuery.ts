import { Effect } from "effect"
import { breakdownValue } from "../breakdownValue.ts"
import { rangeOf, zoneOf } from "../Common.ts"
import {
  type Compiled,
  type QueryContext,
  type QueryKind,
  type Row,
  statement
} from "../Compiled.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { sql } from "../Sql.ts"
import type { Value } from "../Values.ts"
import {
  type Edge,
  MAX_EDGES,
  PathsRequest,
  PathsResult,
  pathsExample
} from "./Paths.ts"
import { edgesSql, stepsSql } from "./pathsSql.ts"

/** How often one step of a session follows another. */
export const pathsQuery: QueryKind<PathsRequest, PathsResult> = {
  kind: "paths",
  request: PathsRequest,
  result: PathsResult,
  example: pathsExample,
  compile: Effect.fn("pathsQuery.compile")(function* (request, context) {
    const steps = yield* stepsOf(request, context)
    const compiled: Compiled<PathsResult> = {
      statements: [statement("paths", edgesSql(request, steps))],
      decode: ([rows = []]) => ({
        edges: rows.slice(0, MAX_EDGES).map((row) => edgeOf(row, steps.kind)),
        truncated: rows.length > MAX_EDGES
      })
    }
    return compiled
  }),
  /** Everybody with a session that has a step left; a transition cannot be selected. */
  people: Effect.fnUntraced(function* (request, selection, context) {
    const chosen = Object.entries(selection).find(([, value]) => value !== undefined)
    if (chosen)
      return yield* QueryInvalid.at(
        `/of/${chosen[0]}`,
        "A transition cannot be selected: without this you get everybody with a session that has steps"
      )
    const steps = yield* stepsOf(request, context)
    return sql`SELECT DISTINCT person FROM (${steps.sql}) WHERE notEmpty(steps)`
  })
}

const stepsOf = Effect.fnUntraced(function* (
  request: PathsRequest,
  context: QueryContext
) {
  const zone = yield* zoneOf(request, context)
  const range = yield* rangeOf(request, zone, context)
  return stepsSql(request, range, context)
})

const edgeOf = (row: Row, kind: Value["kind"]): Edge => ({
  from: breakdownValue(kind, String(row["origin"])),
  to: breakdownValue(kind, String(row["target"])),
  ...(row["position"] === undefined ? {} : { position: Number(row["position"]) }),
  count: Number(row["sessions"])
})
