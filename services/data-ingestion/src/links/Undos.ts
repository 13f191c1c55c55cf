import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer } from "effect"
import type { LedgerUnavailable } from "../loader/LoaderErrors.ts"
import { People } from "../loader/People.ts"
import { UndoRepo } from "./UndoRepo.ts"

/** How often a loader looks for undos that nobody finished. */
const LOOK = "1 second"

/** Finishes what `UndoRepo.begin` recorded: writes the people of undone links anew. */
export class Undos extends Context.Service<
  Undos,
  {
    /**
     * Finishes the open undos of a project, or of all; from the start as often as need be.
     *
     * @param giveUp whether people with too many links stay as they were; else the undo
     *   stays open for somebody who may read more of them
     * @returns whether nothing was left open
     */
    finish(
      giveUp: boolean,
      projectId?: number
    ): Effect.Effect<boolean, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/links/Undos") {
  static readonly layer = Layer.effect(
    Undos,
    Effect.gen(function* () {
      const repo = yield* UndoRepo
      const people = yield* People
      return Undos.of({
        finish: Effect.fn("Undos.finish")(function* (giveUp, projectId) {
          let all = true
          for (const undo of yield* repo.open(projectId)) {
            const { from, id, knownAt, to } = undo
            const restored = yield* people.restore(undo.projectId, [from, to], knownAt)
            if (!restored && giveUp)
              yield* Effect.logError(
                "a person has too many links; the undone one still ties them"
              ).pipe(Effect.annotateLogs({ project_id: undo.projectId }))
            if (restored || giveUp) yield* repo.done(id)
            else all = false
          }
          return all
        })
      })
    })
  )

  /** A loader's part: after a crash between the two stores it finishes the undo. */
  static readonly maintenance = Layer.effectDiscard(
    Effect.gen(function* () {
      const undos = yield* Undos
      yield* undos.finish(true).pipe(
        // Also after a defect: while an undo is open, the watermark of all stands still.
        Effect.catchCause((cause) => Effect.logError("undos must wait", cause)),
        Effect.andThen(Effect.sleep(LOOK)),
        Effect.forever,
        Effect.forkScoped
      )
    })
  )
}
