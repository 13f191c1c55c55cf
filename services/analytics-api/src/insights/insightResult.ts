import { Effect } from "effect"
import { type AskingProject, Queries, type QueryProblem } from "../query/Queries.ts"
import type { QueryAnswer } from "../query/QueryAnswer.ts"
import type { SavedQuery } from "./Insight.ts"

export interface ResultManner {
  /** Asks anew, whatever was kept. */
  readonly fresh: boolean
  /** Nobody waits for it: it may take as long as `Prefer: respond-async` may. */
  readonly patient: boolean
}

export interface GivenResult {
  readonly answer: QueryAnswer
  /** When a kept answer was made; null: just now. */
  readonly keptAt: Date | null
}

/**
 * What a saved question is answered with. `query` has all overrides in it: it is exactly a
 * body of `POST /v1/query`. Every result of an insight or of a tile comes from here.
 */
export const insightResult = Effect.fn("Insights.result")(function* (
  project: AskingProject,
  query: SavedQuery,
  { patient }: ResultManner
): Effect.fn.Return<GivenResult, QueryProblem, Queries> {
  const queries = yield* Queries
  const answer = patient
    ? yield* queries.answerLong(project, query)
    : yield* queries.answer(project, query)
  return { answer, keptAt: null }
})
