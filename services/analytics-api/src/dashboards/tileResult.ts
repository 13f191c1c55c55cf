import * as Problem from "@analytics/api-common/Problem"
import { Effect, Struct } from "effect"
import type { Insight } from "../insights/Insight.ts"
import { notTaken, overridden, type QueryOverrides } from "../insights/overridden.ts"
import type { ResultOverrides } from "../insights/ResultOverrides.ts"
import type { QueryProblem } from "../query/Queries.ts"
import type { Result } from "../results/Results.ts"
import type { Tile } from "./Dashboard.ts"
import type { TileResult } from "./DashboardResult.ts"

/**
 * What a tile shows: the answer to the insight's question with what is said for all tiles,
 * as far as its kind of query has a field for it; or why there is none.
 */
export const tileResult = Effect.fn("DashboardResults.tile")(function* (
  { id, width }: Tile,
  insight: Insight,
  overrides: ResultOverrides,
  answer: (
    body: unknown,
    options: { readonly fresh: boolean }
  ) => Effect.Effect<Result, QueryProblem>
): Effect.fn.Return<TileResult> {
  const { fresh = false, ...shared } = overrides
  const ignored = notTaken(insight.query, shared)
  const taken: QueryOverrides = Struct.omit(shared, [...ignored])
  const instance = `/v1/insights/${insight.id}/result`
  const refused = (problem: Problem.Problem): TileResult => ({
    type: "problem",
    id,
    width,
    insight,
    problem
  })
  return yield* answer(overridden(insight.query, taken), { fresh }).pipe(
    Effect.map(
      (result): TileResult => ({
        type: "answer",
        id,
        width,
        insight,
        ...result,
        ignored
      })
    ),
    Effect.catch((error) =>
      Effect.succeed(refused(Problem.fromError(error, instance)))
    ),
    Effect.catchDefect((defect) =>
      Effect.logError("a tile died", defect).pipe(
        Effect.annotateLogs({ insight: insight.id }),
        Effect.as(refused(Problem.unexpected(instance)))
      )
    )
  )
})
