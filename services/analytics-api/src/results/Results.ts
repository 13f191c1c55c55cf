import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { Context, Effect, Layer, Schedule } from "effect"
import { Keeping } from "../query/Keeping.ts"
import { type AskingProject, Queries, type QueryProblem } from "../query/Queries.ts"
import type { QueryAnswer } from "../query/QueryAnswer.ts"
import { hashOf } from "../query/queryHash.ts"
import { KeptResultsRepo } from "./KeptResultsRepo.ts"
import { keepResults } from "./keepResults.ts"
import { canonical } from "./resultKey.ts"
import { singleFlight } from "./singleFlight.ts"

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
  }
>()("@analytics/analytics-api/results/Results") {
  static readonly layer = Layer.effect(
    Results,
    Effect.gen(function* () {
      const queries = yield* Queries
      const repo = yield* KeptResultsRepo
      const keeping = yield* keepResults
      const once = singleFlight<Result, QueryProblem>()

      yield* repo.removeUnused.pipe(
        Effect.catch((error) =>
          Effect.logWarning("kept answers that nobody uses were not removed", error)
        ),
        Effect.repeat(Schedule.spaced("1 hour")),
        Effect.forkScoped
      )

      const answered = Effect.fnUntraced(function* (
        project: AskingProject,
        body: unknown,
        { fresh = false, patient = false }: ResultOptions
      ) {
        let keptAt: Date | null = null
        const onKept = (computedAt: Date) => {
          keptAt = computedAt
        }
        const ask = patient ? queries.answerLong : queries.answer
        const answer = yield* ask(project, body).pipe(
          Effect.provideService(Keeping, keeping({ fresh, onKept }))
        )
        return { answer, keptAt }
      })

      return Results.of({
        answer: Effect.fn("Results.answer")(function* (project, body, options = {}) {
          const { fresh = false, patient = false } = options
          const { id, keyId, timezone } = project
          const result = yield* once(
            // What one key has left to read is not another one's refusal.
            canonical([id, keyId, timezone, fresh, patient, body]),
            answered(project, body, options)
          )
          // Of everybody who shares it, only one was there when it was made.
          const { facts } = yield* RequestNotes
          facts["queryHash"] = hashOf(body)
          facts["kind"] = result.answer.kind
          return result
        })
      })
    })
  )
}
