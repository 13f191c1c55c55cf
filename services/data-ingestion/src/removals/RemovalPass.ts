import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { IdHash } from "@analytics/data-processing/IdHash"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Installation } from "@analytics/database/Installation"
import { Clock, Duration, Effect, Layer, Redacted, Schedule } from "effect"
import { LinkRepo } from "../loader/LinkRepo.ts"
import type { LedgerUnavailable } from "../loader/LoaderErrors.ts"
import { FurtherIds } from "./FurtherIds.ts"
import { HashedIds } from "./HashedIds.ts"
import { Hiding } from "./Hiding.ts"
import { InboxSweep } from "./InboxSweep.ts"
import { Judge } from "./Judge.ts"
import type { Removal } from "./Removal.ts"
import { RemovalLedger } from "./RemovalLedger.ts"
import { RemovalRepo } from "./RemovalRepo.ts"
import { StoreRemoval } from "./StoreRemoval.ts"

/** How often a loader looks for something to remove. */
const LOOK = "2 seconds"

/**
 * Those that wait for nothing more: all batches and undos that were begun before them are
 * done, and no further ids of their people were found.
 */
const ready = Effect.fn("RemovalPass.ready")(function* () {
  const repo = yield* RemovalRepo
  const hiding = yield* Hiding
  const further = yield* FurtherIds
  const hashed = yield* HashedIds
  const ledger = yield* RemovalLedger
  const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
  const open: Array<Removal> = []
  for (const removal of yield* repo.open)
    if (yield* isTaken(removal, hiding.hide(removal))) open.push(removal)
  const due: Array<Removal> = []
  for (const each of yield* repo.due(open)) {
    const removal = yield* hashed.named(each)
    // Its own further ids were looked for when it was registered, with its parent's.
    const grows =
      removal.kind === "person" &&
      removal.parent === null &&
      (yield* further.register(removal))
    // Batches that were under way have kept aside what they would.
    yield* ledger.sweepOnce(removal, new Judge([removal], idHash))
    if (!grows) due.push(removal)
  }
  return due
})

/** One that the store refuses for what it says must not keep the others. */
const isTaken = (
  { id, projectId }: Removal,
  hide: Effect.Effect<void, LedgerUnavailable | ClickHouseError>
) =>
  hide.pipe(
    Effect.as(true),
    Effect.catchIf(
      (error) =>
        error._tag === "ClickHouseError" &&
        (error.kind === "data" || error.kind === "query"),
      (error) =>
        Effect.logError("a removal cannot be hidden; somebody has to look", error).pipe(
          Effect.annotateLogs({ removal: id, project_id: projectId }),
          Effect.as(false)
        )
    )
  )

/**
 * Removes what is due from both stores: one mutation of each table for all of it, at most
 * once an `interval`, because each rewrites the parts that hold a row; again at once for
 * what waited as long. What is begun goes on; every step may be repeated, so a crash costs
 * no more than the step.
 *
 * @returns ids of removals of which nothing is left
 */
export const removeDue = Effect.fn("RemovalPass.removeDue")(function* (
  interval: Duration.Duration
) {
  const ledger = yield* RemovalLedger
  const store = yield* StoreRemoval
  const none: ReadonlyArray<string> = []
  const due = yield* ready()
  if (due.length === 0) return none
  const since = yield* ledger.sinceLast
  const wait = Duration.toMillis(interval)
  const asked = (yield* Clock.currentTimeMillis) - wait
  // More may be due than one look takes.
  const isTurn =
    since === undefined ||
    since >= wait ||
    due.some((each) => each.removedAt === null && each.requestedAt <= asked)
  const begun = due.filter(({ removedAt }) => removedAt !== null)
  // Rows that several remove were counted for what is begun: it stays the first.
  const all = isTurn
    ? [...begun, ...due.filter((each) => !begun.includes(each))]
    : begun
  if (all.length === 0) return none
  if (yield* store.isBusy) {
    yield* Effect.logWarning("removals wait for mutations of the event store")
    return none
  }

  if (all.some(({ removedAt }) => removedAt === null)) {
    const counts = yield* store.count(all)
    for (const [index, removal] of all.entries())
      if (removal.removedAt === null) yield* ledger.begin(removal, counts[index] ?? {})
  }
  yield* store.remove(all)
  yield* store.verify(all)
  return yield* settle(all)
})

/** What is left of them in Postgres. */
const settle = Effect.fn("RemovalPass.settle")(function* (
  removals: ReadonlyArray<Removal>
) {
  const ledger = yield* RemovalLedger
  const inbox = yield* InboxSweep
  const store = yield* StoreRemoval
  const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
  const done: Array<Removal> = []
  for (const [projectId, own] of Map.groupBy(removals, (each) => each.projectId)) {
    const judge = new Judge(own, idHash)
    yield* ledger.sweepQuarantine(projectId, judge)
    // A batch of later may have been planned, and kept one of its lines aside.
    if (!(yield* inbox.sweep(projectId, judge))) continue
    yield* ledger.sweepQuarantine(projectId, judge)
    for (const removal of own) yield* ledger.sweepReceipts(removal)
    done.push(...own)
  }
  yield* store.forget(done)
  for (const removal of done) {
    yield* ledger.settle(removal)
    yield* Effect.logInfo("a removal is done").pipe(
      Effect.annotateLogs({
        removal: removal.id,
        project_id: removal.projectId,
        kind: removal.kind
      })
    )
  }
  return done.map(({ id }) => id)
})

/** Everything that removes, of a loader process. */
export const passLayer = Layer.mergeAll(
  Hiding.layer,
  FurtherIds.layer,
  HashedIds.layer,
  RemovalLedger.layer,
  InboxSweep.layer,
  StoreRemoval.layer
).pipe(Layer.provideMerge(Layer.mergeAll(RemovalRepo.layer, LinkRepo.layer)))

/** Loaders may look at the same time: every step is repeatable. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { purgeInterval } = yield* LoaderConfig
    yield* removeDue(purgeInterval).pipe(
      Effect.catchCause((cause) =>
        Effect.logError("nothing was removed; tried again", cause)
      ),
      Effect.repeat(Schedule.spaced(LOOK)),
      Effect.forkScoped
    )
  })
).pipe(Layer.provide(passLayer))
