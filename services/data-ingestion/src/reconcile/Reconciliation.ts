import { Context, Effect, Layer, Schema } from "effect"
import { Accounting } from "../accounting/Accounting.ts"
import type { StoreUnavailable } from "../StoreUnavailable.ts"
import { type Books, type Held, ReconcileRepo } from "./ReconcileRepo.ts"

/** A number of the books that its source does not agree with. */
export const Difference = Schema.Struct({
  place: Schema.Literals(["stored", "doubled", "quarantined", "accepted"]),
  reason: Schema.NullOr(Schema.String).annotate({
    description: "Of quarantined events"
  }),
  ledger: Schema.Int,
  source: Schema.Int,
  detail: Schema.String.annotate({ description: "What it means, in words" })
})
export type Difference = typeof Difference.Type

export const Reconciled = Schema.Struct({
  projectId: Schema.Int,
  at: Schema.DateFromString.annotate({ description: "What was sealed by then counts" }),
  stored: Schema.Int.annotate({ description: "Events that the event store holds" }),
  openRemovals: Schema.Int.annotate({
    description: "While removals are under way, rows may be gone that still count"
  }),
  differences: Schema.Array(Difference)
})
export type Reconciled = typeof Reconciled.Type

/** Recomputes the accounting of a project from what is there, and names what differs. */
export class Reconciliation extends Context.Service<
  Reconciliation,
  {
    readonly projects: Effect.Effect<ReadonlyArray<number>, StoreUnavailable>
    of(projectId: number): Effect.Effect<Reconciled, StoreUnavailable>
  }
>()("@analytics/data-ingestion/reconcile/Reconciliation") {
  static readonly layer = Layer.effect(
    Reconciliation,
    Effect.gen(function* () {
      const repo = yield* ReconcileRepo
      const accounting = yield* Accounting
      return Reconciliation.of({
        projects: repo.projects,
        of: Effect.fn("Reconciliation.of")(function* (projectId) {
          const books = yield* repo.books(projectId)
          const held = yield* repo.held(projectId, books)
          const { accepted, balanced, pending } = yield* accounting.of(projectId)
          const differences = [
            ...differencesOf(books, held),
            ...(balanced
              ? []
              : [
                  {
                    place: "accepted" as const,
                    reason: null,
                    ledger: accepted,
                    source: accepted,
                    detail: `What became of events does not add up to those accepted, with ${pending} pending.`
                  }
                ])
          ]
          if (differences.length > 0)
            yield* Effect.logError("the books differ from what is stored").pipe(
              Effect.annotateLogs({ project_id: projectId, differences })
            )
          return {
            projectId,
            at: books.sealedUpTo,
            stored: held.events,
            openRemovals: books.openRemovals,
            differences
          }
        })
      })
    })
  )
}

/** Pure, so that each difference can be tested by itself. */
export const differencesOf = (books: Books, held: Held): ReadonlyArray<Difference> => {
  const { inQuarantine, quarantined, stored } = books
  const reasons = new Set([...quarantined.keys(), ...inQuarantine.keys()])
  return [
    ...(stored === held.events
      ? []
      : [
          {
            place: "stored" as const,
            reason: null,
            ledger: stored,
            source: held.events,
            detail:
              stored > held.events
                ? `${stored - held.events} events that were acknowledged and counted as stored are not in the event store.`
                : `The event store holds ${held.events - stored} events more than were counted as stored.`
          }
        ]),
    ...(held.doubled === 0
      ? []
      : [
          {
            place: "doubled" as const,
            reason: null,
            ledger: 0,
            source: held.doubled,
            detail: `Messages are stored more than once, among them ${held.examples.join(", ")}.`
          }
        ]),
    ...[...reasons].toSorted().flatMap((reason) => {
      const ledger = quarantined.get(reason) ?? 0
      const source = inQuarantine.get(reason) ?? 0
      return ledger === source
        ? []
        : [
            {
              place: "quarantined" as const,
              reason,
              ledger,
              source,
              detail: `${ledger} events are counted as quarantined for "${reason}", ${source} lie there.`
            }
          ]
    })
  ]
}
