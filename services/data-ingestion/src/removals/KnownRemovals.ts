import { IdHash } from "@analytics/data-processing/IdHash"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Redacted } from "effect"
import type { LedgerUnavailable } from "../loader/LoaderErrors.ts"
import type { Removed } from "./Removal.ts"
import { RemovalRepo } from "./RemovalRepo.ts"
import { RemovedEvents } from "./RemovedEvents.ts"

/** Every removal there ever was, for a loader, which reads each of them once. */
export class KnownRemovals extends Context.Service<
  KnownRemovals,
  {
    /** Tells of an event how it is counted if a removal up to this number covers it. */
    upTo(
      seq: bigint
    ): Effect.Effect<(event: InboxEvent) => Removed | undefined, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/removals/KnownRemovals") {
  static readonly layer = Layer.effect(
    KnownRemovals,
    Effect.gen(function* () {
      const repo = yield* RemovalRepo
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
      const events = new RemovedEvents(idHash)
      let read = 0n
      return KnownRemovals.of({
        upTo: Effect.fn("KnownRemovals.upTo")(function* (seq) {
          while (read < seq) {
            const terms = yield* repo.terms(read, seq)
            for (const removal of terms) events.add(removal)
            // Numbers between may belong to nobody; later ones are asked for later.
            read = terms.at(-1)?.seq ?? seq
          }
          return (event) => events.removedAs(event, seq)
        })
      })
    })
  )
}
