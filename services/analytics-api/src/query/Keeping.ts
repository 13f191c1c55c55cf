import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import type { Query } from "@analytics/analytics-core/query/Query"
import { Context, type Effect } from "effect"
import type { AskingProject, QueryProblem } from "./Queries.ts"

/** A request with everything that its answer depends on. */
export interface ResolvedQuery {
  readonly project: AskingProject
  /** As it was sent. */
  readonly body: unknown
  readonly query: Query
  readonly context: Omit<QueryContext, "hasLinks">
}

/** What the store was asked for. */
export interface Computed {
  readonly result: unknown
  /** Nothing that outlasts it may be said of it: it tells more than the store counted. */
  readonly isPlain: boolean
  readonly rowsRead: number
  readonly bytesRead: number
  readonly warnings: ReadonlyArray<string>
}

/** Something computed, for this request unless it is `cached`. */
export interface Kept extends Computed {
  readonly cached: boolean
}

/** Gives what is kept of a query if that is what computing it would give. */
export type Keeping = (
  asked: ResolvedQuery,
  compute: Effect.Effect<Computed, QueryProblem>
) => Effect.Effect<Kept, QueryProblem>

/** That of the request that is being answered; without one every answer is computed. */
export const Keeping = Context.Reference<Keeping | undefined>(
  "@analytics/analytics-api/query/Keeping",
  { defaultValue: () => undefined }
)
