import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { Hiding } from "../../src/removals/Hiding.ts"
import { InboxSweep } from "../../src/removals/InboxSweep.ts"
import { RemovalLedger } from "../../src/removals/RemovalLedger.ts"
import { Removals } from "../../src/removals/Removals.ts"
import { StoreRemoval } from "../../src/removals/StoreRemoval.ts"
import { crash, drain, drainUntilCrash } from "../loader/faults.ts"
import { AT } from "../loader/loaderTest.ts"
import { accept, account, erase, layer, pass, scan } from "./removalTest.ts"

/** A batch of what waits now, sealed and not loaded. */
const seal = Effect.gen(function* () {
  const batches = yield* BatchRepo
  const until = new Date(Date.now() + 60_000)
  yield* batches.seal("live", yield* batches.pending("live", new Date(0), until, 1))
}).pipe(
  Effect.provide(
    Layer.fresh(BatchRepo.layer.pipe(Layer.provideMerge(ShardLease.layer(0))))
  )
)

/** A pass in which one step of one part dies, before it did anything or after. */
const dying = Effect.gen(function* () {
  const ledger = yield* RemovalLedger
  const store = yield* StoreRemoval
  const inbox = yield* InboxSweep
  const before = () => crash
  const after = (done: Effect.Effect<unknown, unknown>) =>
    Effect.andThen(Effect.orDie(done), crash)
  const passWith = (given: {
    readonly ledger?: Partial<RemovalLedger["Service"]>
    readonly store?: Partial<StoreRemoval["Service"]>
    readonly inbox?: Partial<InboxSweep["Service"]>
  }) =>
    pass.pipe(
      Effect.provideService(RemovalLedger, { ...ledger, ...given.ledger }),
      Effect.provideService(StoreRemoval, { ...store, ...given.store }),
      Effect.provideService(InboxSweep, { ...inbox, ...given.inbox }),
      Effect.asVoid
    )
  const withLedger = (given: Partial<RemovalLedger["Service"]>) =>
    passWith({ ledger: given })
  const withStore = (given: Partial<StoreRemoval["Service"]>) =>
    passWith({ store: given })
  return {
    "before it begins": withLedger({ begin: before }),
    "after it began": withLedger({ begin: (...of) => after(ledger.begin(...of)) }),
    "before rows go": withStore({ remove: before }),
    "after rows went": withStore({ remove: (of) => after(store.remove(of)) }),
    "before the ledger is swept": withLedger({ sweepQuarantine: before }),
    "after the quarantine": withLedger({
      sweepQuarantine: (...of) => after(ledger.sweepQuarantine(...of))
    }),
    "after the inbox": passWith({
      inbox: { sweep: (...of) => after(inbox.sweep(...of)) }
    }),
    "after the receipts": withLedger({
      sweepReceipts: (of) => after(ledger.sweepReceipts(of))
    }),
    "after queries may forget it": withStore({
      forget: (of) => after(store.forget(of))
    }),
    "before it is settled": withLedger({ settle: before }),
    "after it was settled": withLedger({ settle: (of) => after(ledger.settle(of)) })
  }
})

describe("a removal", () => {
  const it = withLayer(layer)

  it.effect("goes on where a crash left it, whatever the step", () =>
    Effect.gen(function* () {
      const steps = Object.entries(yield* dying)
      const person = "gina@example.com"
      yield* accept(1, [
        { m: "1", u: person, a: "device-of-gina" },
        { m: "2", u: person },
        { m: "3", u: person, q: "timestamp_in_future" },
        { m: "4", u: "ben" }
      ])
      yield* drain
      const removal = yield* erase(1, [person])
      for (const [step, dies] of steps) {
        yield* drainUntilCrash(dies)
        // The books are right at every moment.
        expect({ step, ...(yield* account(1)) }).toMatchObject({
          step,
          accepted: 4,
          balanced: true
        })
      }
      expect(yield* pass).toEqual([])
      const done = yield* Removals.use((removals) => removals.get(removal.id))
      expect(done.doneAt).not.toBeNull()
      expect(done.counts).toEqual({
        events: 2,
        person_links: 1,
        quarantine: 1,
        inbox: 3,
        links: 1
      })
      expect(yield* account(1)).toMatchObject({ stored: 1, erased: 3, quarantined: 0 })
      expect(yield* scan(1, [person, "device-of-gina"])).toEqual({})
    })
  )

  it.effect("that was never hidden is hidden by a loader, or by asking again", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      const hiding = yield* Hiding
      const hidden = Effect.map(
        store.query<{ n: string }>("SELECT count() AS n FROM removals"),
        ([row]) => Number(row?.n)
      )
      yield* accept(2, [{ m: "1", u: "hanna" }])
      const removal = yield* erase(2, ["hanna"])
      expect(yield* hidden).toBe(1)
      // The store did not take it: whoever asked got no answer.
      yield* store.command("ALTER TABLE removals DELETE WHERE 1", {
        settings: { mutations_sync: "2" }
      })
      yield* hiding.hide({ ...removal, hiddenAt: null })
      expect(yield* hidden).toBe(1)
      expect((yield* erase(2, ["hanna"], { id: removal.id })).id).toBe(removal.id)
      yield* drain
      expect(yield* pass).toEqual([removal.id])
      expect(yield* hidden).toBe(0)
    })
  )

  it.effect("counts no row that one after it has counted, and not removed yet", () =>
    Effect.gen(function* () {
      const store = yield* StoreRemoval
      const tablet = "tablet-of-lea"
      yield* accept(4, [{ m: "1", u: "lea", t: AT }])
      yield* drain
      yield* accept(4, [
        { m: "2", u: "", a: tablet, t: AT },
        { m: "3", y: "identify", e: "$identify", u: "lea", a: tablet, t: AT }
      ])
      yield* seal
      const person = yield* erase(4, ["lea"])
      const range = yield* erase(4, [], {
        kind: "range",
        ids: [],
        from: AT,
        to: AT + 1
      })
      yield* drain
      // The person waits for the further id that is found now; the range does not.
      yield* drainUntilCrash(
        pass.pipe(
          Effect.provideService(StoreRemoval, { ...store, remove: () => crash }),
          Effect.asVoid
        )
      )
      yield* pass
      const ended = yield* Removals.use((removals) =>
        Effect.forEach([person, range], ({ id }) => removals.get(id))
      )
      expect(
        ended.map(({ counts, doneAt }) => [counts["events"], doneAt === null])
      ).toEqual([
        [undefined, false],
        [3, false]
      ])
      expect(yield* account(4)).toMatchObject({ stored: 0, erased: 3, balanced: true })
    })
  )

  it.effect("is not done while the store still answers rows of it", () =>
    Effect.gen(function* () {
      yield* accept(3, [{ m: "1", u: "ida" }])
      yield* drain
      yield* erase(3, ["ida"])
      const lying = { ...(yield* StoreRemoval), remove: () => Effect.void }
      expect(
        yield* Effect.flip(Effect.provideService(pass, StoreRemoval, lying))
      ).toMatchObject({ _tag: "RowsLeft", table: "events", rows: 1 })
      expect(yield* account(3)).toMatchObject({ stored: 1, erased: 0, balanced: true })
      expect(yield* pass).toHaveLength(1)
    })
  )
})
