import { IdHash } from "@analytics/data-processing/IdHash"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Redacted } from "effect"
import type { LedgerUnavailable } from "../loader/LoaderErrors.ts"
import type { Removed } from "./Removal.ts"
import { RemovalRepo } from "./RemovalRepo.ts"
import { RemovedEvents } from "./RemovedEvents.ts"

/** What a batch leaves out. */
export interface LeftOut {
  /** How an event is counted that is removed. */
  readonly removedAs: (event: InboxEvent) => Removed | undefined
  /** An event that stays, without ids of others who are removed. */
  readonly withoutRemoved: (event: InboxEvent) => InboxEvent
}

/** Every removal there ever was, for a loader, which reads each of them once. */
export class KnownRemovals extends Context.Service<
  KnownRemovals,
  {
    /** What removals up to this number cover. */
    upTo(seq: bigint): Effect.Effect<LeftOut, LedgerUnavailable>
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
          return {
            removedAs: (event: InboxEvent) => events.removedAs(event, seq),
            withoutRemoved: (event: InboxEvent) => events.withoutRemoved(event, seq)
          }
        })
      })
    })
  )
}
