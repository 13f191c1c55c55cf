import { Context, Effect, Layer } from "effect"
import type { StoreUnavailable } from "../StoreUnavailable.ts"
import { AccountingRepo } from "./AccountingRepo.ts"

/** What became of every event that was ever acknowledged for a project. */
export interface Account {
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly quarantined: number
  /** by reason */
  readonly dropped: { readonly [reason: string]: number }
  readonly erased: number
  readonly expired: number
  /** counted in the inbox, not derived */
  readonly pending: number
  /** whether the others add up to `accepted` */
  readonly balanced: boolean
}

export interface Count {
  readonly outcome: string
  readonly reason: string
  readonly events: number
}

/** Adds up counts that each come from their own source. */
export const accountOf = (counts: ReadonlyArray<Count>): Account => {
  const sum = (outcome: string) =>
    counts
      .filter((count) => count.outcome === outcome)
      .reduce((total, { events }) => total + events, 0)
  const account = {
    accepted: sum("accepted"),
    stored: sum("stored"),
    duplicate: sum("duplicate"),
    quarantined: sum("quarantined"),
    dropped: Object.fromEntries(
      counts
        .filter(({ outcome }) => outcome === "dropped")
        .map(({ events, reason }) => [reason, events])
    ),
    erased: sum("erased"),
    expired: sum("expired"),
    pending: sum("pending")
  }
  const { duplicate, erased, expired, pending, quarantined, stored } = account
  const known =
    stored + duplicate + quarantined + sum("dropped") + erased + expired + pending
  return { ...account, balanced: account.accepted === known }
}

export class Accounting extends Context.Service<
  Accounting,
  { of(projectId: number): Effect.Effect<Account, StoreUnavailable> }
>()("@analytics/data-ingestion/accounting/Accounting") {
  static readonly layer = Layer.effect(
    Accounting,
    Effect.map(AccountingRepo, (repo) =>
      Accounting.of({
        of: Effect.fn("Accounting.of")((projectId) =>
          Effect.map(repo.counts(projectId), accountOf)
        )
      })
    )
  )
}
