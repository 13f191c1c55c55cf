import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { exposed } from "@analytics/observability/exposed"
import { Cause, Context, Effect, Exit, Layer, Metric } from "effect"
import type { LedgerUnavailable } from "../loader/LoaderErrors.ts"
import * as LoaderMetrics from "../loader/LoaderMetrics.ts"
import { People } from "../loader/People.ts"
import { type OpenUndo, UndoRepo } from "./UndoRepo.ts"
import { type ParkReason, parkReasons, undoFault } from "./undoFault.ts"

/** How often a loader looks for undos that nobody finished. */
const LOOK = "1 second"
/** How often what fails for its data is tried, in case it does not after all. */
const ATTEMPTS = 3

const parkedFor = (reason: ParkReason) =>
  Metric.withAttributes(LoaderMetrics.parkedUndos, { reason })
// The alert asks what grew: a series that begins with the first one parked did not.
for (const reason of parkReasons) exposed(parkedFor(reason))

/** Finishes what `UndoRepo.begin` recorded: writes the people of undone links anew. */
export class Undos extends Context.Service<
  Undos,
  {
    /**
     * Finishes the open undos of a project, or of all; from the start as often as need be.
     * One that fails does not keep the others.
     *
     * @param giveUp whether those are parked that cannot be finished, as people with too
     *   many links; else they stay open for somebody who may read more
     * @returns whether all that were open are restored
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
      /** Attempts that failed for their data, by undo. */
      const failed = new Map<bigint, number>()

      const park = Effect.fnUntraced(function* (
        { id, projectId }: OpenUndo,
        reason: ParkReason,
        cause: Cause.Cause<unknown>
      ) {
        failed.delete(id)
        yield* repo.park(id, reason)
        yield* Metric.update(parkedFor(reason), 1)
        yield* Effect.logError(
          "the people of an undone link cannot be written; it still ties them",
          cause
        ).pipe(Effect.annotateLogs({ project_id: projectId, undo: String(id), reason }))
      })

      const restore = Effect.fnUntraced(function* (undo: OpenUndo, giveUp: boolean) {
        const { from, id, knownAt, projectId, to } = undo
        const tried = yield* Effect.exit(people.restore(projectId, [from, to], knownAt))
        if (Exit.isSuccess(tried)) {
          if (tried.value) yield* repo.done(id)
          else if (giveUp) yield* park(undo, "too_many_links", Cause.empty)
          return tried.value
        }
        const reason = undoFault(tried.cause)
        if (reason === undefined || !giveUp) return yield* tried
        const attempts = (failed.get(id) ?? 0) + 1
        failed.set(id, attempts)
        if (attempts < ATTEMPTS) return yield* tried
        yield* park(undo, reason, tried.cause)
        return false
      })

      return Undos.of({
        finish: Effect.fn("Undos.finish")(function* (giveUp, projectId) {
          const ends = yield* Effect.forEach(yield* repo.open(projectId), (undo) =>
            Effect.exit(restore(undo, giveUp))
          )
          for (const end of ends) if (Exit.isFailure(end)) return yield* end
          return ends.every((end) => Exit.isSuccess(end) && end.value)
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
        Effect.catchCause((cause) =>
          Effect.andThen(
            Metric.update(LoaderMetrics.retries, 1),
            Effect.logError("undos must wait", cause)
          )
        ),
        Effect.andThen(Effect.sleep(LOOK)),
        Effect.forever,
        Effect.forkScoped
      )
    })
  )
}
