import { Context, Effect, Layer } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import { type AskingProject, Queries, type QueryProblem } from "../query/Queries.ts"
import type { QueryAnswer } from "../query/QueryAnswer.ts"

/** An answer, and since when it is kept. */
export interface Result {
  /** As of `/v1/query`; `meta.cached` and `meta.asOf` say what is true of this one. */
  readonly answer: QueryAnswer
  /** When it was computed; null: for this request. */
  readonly keptAt: Date | null
}

export interface ResultOptions {
  /** Computes anew, and keeps that. */
  readonly fresh?: boolean
  /** Nobody waits: it may take as long as `Prefer: respond-async` may. */
  readonly patient?: boolean
}

/**
 * Answers of saved questions. One that is kept is given only if computing it now would
 * give the same; equal requests at the same time are computed once.
 */
export class Results extends Context.Service<
  Results,
  {
    /** @param body as `POST /v1/query` takes it */
    answer(
      project: AskingProject,
      body: unknown,
      options?: ResultOptions
    ): Effect.Effect<Result, QueryProblem>
    /** Removes what is kept of a project; how many answers. */
    forget(projectId: number): Effect.Effect<number, ControlUnavailable>
  }
>()("@analytics/analytics-api/results/Results") {
  static readonly layer = Layer.effect(
    Results,
    Effect.gen(function* () {
      const queries = yield* Queries
      return Results.of({
        answer: Effect.fn("Results.answer")(function* (project, body, options = {}) {
          const { patient = false } = options
          const answer = yield* patient
            ? queries.answerLong(project, body)
            : queries.answer(project, body)
          return { answer, keptAt: null }
        }),
        forget: () => Effect.succeed(0)
      })
    })
  )
}
