import { MOST_MONTHS } from "@analytics/data-processing/Months"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Fiber, Layer, Metric } from "effect"
import type { Batch, Pending, PostRecord } from "./Batch.ts"
import type { BatchPlan } from "./BatchPlan.ts"
import { BatchRepo } from "./BatchRepo.ts"
import { BatchTraces } from "./BatchTraces.ts"
import { EventStore, recordOf } from "./EventStore.ts"
import { LaneShare, PLENTY_BYTES } from "./LaneShare.ts"
import type { FencedOut, LedgerUnavailable } from "./LoaderErrors.ts"
import * as LoaderMetrics from "./LoaderMetrics.ts"
import { People } from "./People.ts"
import { Planner } from "./Planner.ts"
import { MOST_BYTES, MOST_ROWS } from "./Post.ts"
import { SeenStore } from "./SeenStore.ts"
import { ShardMoves } from "./ShardMoves.ts"

type Failure = FencedOut | LedgerUnavailable | ClickHouseError

/** How often an empty inbox is looked at. */
const POLL = "50 millis"
/** Small batches follow each other at this distance: each costs the store a part. */
const PACE_MS = 200
/** A commit that takes longer than this is found by the full look only. */
const LATE_COMMIT_MS = 120_000
/** How often the whole inbox is looked at, not only its newest rows. */
const FULL_LOOK_MS = 60_000
/** Further ahead than Postgres' clock may be, and than there are partitions. */
const HOUR_MS = 3_600_000
const FAR_MS = 48 * HOUR_MS
/** POSTs of one batch at a time. */
const POSTS_AT_A_TIME = 2

/**
 * Moves acknowledged events from the inbox of one shard to the event store, each exactly
 * once. Whatever goes wrong, it starts again from what Postgres and ClickHouse hold.
 */
export class Loader extends Context.Service<
  Loader,
  {
    /** Loads for ever; ends only when the shard is lost. */
    readonly run: Effect.Effect<never, FencedOut>
    /** Finishes what is open and pending now, for tests and tools. */
    readonly drain: Effect.Effect<void, Failure>
  }
>()("@analytics/data-ingestion/loader/Loader") {
  static readonly layer = Layer.effect(
    Loader,
    Effect.gen(function* () {
      const batches = yield* BatchRepo
      const planner = yield* Planner
      const seen = yield* SeenStore
      const events = yield* EventStore
      const people = yield* People
      const traces = yield* BatchTraces
      const moves = yield* ShardMoves
      const share = new LaneShare()
      let lastSeal = 0
      let lastFullLook = 0
      /** How far Postgres' clock, which receivedAt is by, is ahead of ours. */
      let ahead = 0
      /** Failures since something was stored. */
      let failures = 0
      /** Nothing unsealed was received before this, as far as the last look could see. */
      let horizon = 0

      /** Everything that follows the plan. Says whether some event turned out to be poison. */
      const storePlan = Effect.fn("Loader.store")(function* (
        batch: Batch,
        plan: BatchPlan,
        again: boolean
      ) {
        const posts = plan.posts.map((post) => ({ post, record: recordOf(post) }))
        const records = posts.map(({ record }): PostRecord => record)
        // Both before the first event is sent.
        yield* Effect.all(
          [
            seen.write(plan, batch.batchId),
            records.length === 0
              ? Effect.void
              : batches.addPosts(batch, records, again ? batch.posts : [])
          ],
          { concurrency: 2 }
        )
        const refused = yield* Effect.forEach(
          posts,
          ({ post, record }) => events.store(batch, post, record),
          { concurrency: POSTS_AT_A_TIME }
        )
        const poison = refused.flat()
        if (poison.length > 0) {
          // Recorded before anything else, so that the next plan leaves them out.
          yield* batches.addPoison(batch, poison)
          yield* Metric.update(LoaderMetrics.poisoned, poison.length)
          yield* Effect.logError("the event store refused events for their data").pipe(
            Effect.annotateLogs({
              batch_id: String(batch.batchId),
              events: poison.length
            })
          )
          return false
        }
        // A POST of an earlier loader may have arrived after all.
        if (again) yield* events.verify(batch, plan.storedEvents)
        yield* people.record(batch.batchId, plan.links, again)
        yield* batches.done(batch, {
          outcomes: plan.outcomes,
          quarantined: plan.quarantined,
          dropped: plan.dropped,
          violations: plan.violations.list
        })
        failures = 0
        yield* measured(batch, plan)
        return true
      })

      /** A batch that an earlier attempt may have left at any point. */
      const resume = Effect.fn("Loader.resume")(function* (batch: Batch) {
        const trace = yield* traces.begin(batch)
        yield* trace.last(
          Effect.gen(function* () {
            yield* events.stop(batch.posts)
            const present = yield* events.present(batch.batchId)
            const plan = yield* planner.plan(batch, undefined, present)
            seen.remember(plan)
            yield* storePlan(batch, plan, true)
          })
        )
      })

      /** Oldest first, because a later batch's duplicates depend on it. */
      const resumeAll = Effect.gen(function* () {
        for (;;) {
          const [oldest] = yield* batches.open
          if (oldest === undefined) return
          yield* resume(oldest)
        }
      })

      const look = Effect.fnUntraced(function* () {
        const ours = Date.now()
        // What was held back lies before the horizon.
        if (yield* moves.advance(false)) lastFullLook = 0
        const full = ours - lastFullLook >= FULL_LOOK_MS
        if (full) ahead = (yield* batches.clock) - ours
        const now = ours + ahead
        const since = new Date(full ? 0 : horizon)
        const until = new Date(now + (full ? FAR_MS : HOUR_MS))
        const upTo = moves.upTo()
        const live = yield* batches.pending("live", since, until, upTo)
        const bulk = yield* batches.pending("bulk", since, until, upTo)
        if (full) lastFullLook = ours
        if (live.length === 0 && bulk.length === 0) horizon = now - LATE_COMMIT_MS
        return { live, bulk }
      })

      /** Seals what is pending now; `undefined` if nothing is, or too little so soon. */
      const sealNext = Effect.fnUntraced(function* (busy: boolean) {
        const now = Date.now()
        const waiting = yield* look()
        yield* LoaderMetrics.countWaiting("live", sumOfBytes(waiting.live))
        yield* LoaderMetrics.countWaiting("bulk", sumOfBytes(waiting.bulk))
        const turn = share.next(
          { live: waiting.live.length > 0, bulk: waiting.bulk.length > 0 },
          MOST_BYTES
        )
        if (turn === undefined) return undefined
        // Worth a batch at once, and worth preparing while another is stored. Only the
        // lane's own bytes count: those of an import would make every live event a batch.
        const plenty = sumOfBytes(waiting[turn.lane]) >= PLENTY_BYTES
        if (!plenty && (busy || now - lastSeal < PACE_MS)) return undefined
        const rows = upTo(waiting[turn.lane], turn.bytes)
        const batch = yield* batches.seal(turn.lane, rows)
        lastSeal = now
        if (waiting.live.length > 0 && waiting.bulk.length > 0)
          share.record(turn.lane, sumOfBytes(rows))
        yield* Metric.update(
          LoaderMetrics.lag,
          (now - batch.receivedFrom.getTime()) / 1000
        )
        return batch
      })

      /** Stores one batch while the next is planned. `false` asks to start over. */
      const pipeline = Effect.fnUntraced(function* (once: boolean) {
        let current:
          | { plan: BatchPlan; fiber: Fiber.Fiber<boolean, Failure> }
          | undefined
        for (;;) {
          const batch = yield* sealNext(current !== undefined && !isDone(current.fiber))
          if (batch === undefined) {
            if (current !== undefined) {
              // Wakes up when the insert ends, or when more may have come.
              const ended = yield* Fiber.join(current.fiber).pipe(
                Effect.timeoutOption(POLL)
              )
              if (ended._tag === "None") continue
              current = undefined
              if (!ended.value) return false
            } else if (once) {
              const { live, bulk } = yield* look()
              if (live.length === 0 && bulk.length === 0) return true
              lastSeal = 0
            } else yield* Effect.sleep(POLL)
            continue
          }
          const trace = yield* traces.begin(batch)
          const plan = yield* trace.part(planner.plan(batch, current?.plan))
          // After poison the claims of the batch ahead have changed: start over.
          if (
            current !== undefined &&
            !(yield* trace.part(Fiber.join(current.fiber)))
          ) {
            yield* trace.dropped
            return false
          }
          seen.remember(plan)
          const fiber = yield* Effect.forkScoped(
            trace.last(storePlan(batch, plan, false))
          )
          current = { plan, fiber }
        }
      })

      const loadOnce = (once: boolean) =>
        resumeAll.pipe(
          Effect.andThen(moves.advance(true)),
          Effect.tap((grew) =>
            Effect.sync(() => {
              if (grew) lastFullLook = 0
            })
          ),
          Effect.andThen(Effect.scoped(pipeline(once)))
        )

      /** From 100 ms to 10 s, and from 100 ms again once something was stored. */
      const pause = Effect.fnUntraced(function* (error: Failure) {
        yield* Metric.update(LoaderMetrics.retries, 1)
        yield* Effect.logError("loading failed; it starts again", error)
        yield* Effect.sleep(Math.min(100 * 2 ** Math.min(failures++, 10), 10_000))
      })

      return Loader.of({
        drain: Effect.repeat(loadOnce(true), { until: (empty) => empty }),
        run: loadOnce(false).pipe(
          Effect.catchTags({ LedgerUnavailable: pause, ClickHouseError: pause }),
          Effect.forever
        )
      })
    })
  ).pipe(Layer.provide(BatchTraces.layer))
}

const isDone = (fiber: Fiber.Fiber<boolean, Failure>): boolean =>
  fiber.pollUnsafe() !== undefined

const sumOfBytes = (rows: ReadonlyArray<Pending>): number =>
  rows.reduce((sum, row) => sum + row.bytes, 0)

/** The first rows that fit into a batch, one at least. */
const upTo = (
  rows: ReadonlyArray<Pending>,
  mostBytes: number
): ReadonlyArray<Pending> => {
  let bytes = 0
  let events = 0
  const months = new Set<number>()
  const end = rows.findIndex((row, i) => {
    bytes += row.bytes
    events += row.events
    for (const month of row.months) months.add(month)
    return (
      i > 0 && (bytes > mostBytes || events > MOST_ROWS || months.size > MOST_MONTHS)
    )
  })
  return end < 0 ? rows : rows.slice(0, end)
}

const measured = Effect.fnUntraced(function* (batch: Batch, plan: BatchPlan) {
  for (const { outcome, events } of plan.outcomes)
    yield* Metric.update(
      Metric.withAttributes(LoaderMetrics.loaded, { outcome }),
      events
    )
  yield* Metric.update(LoaderMetrics.batches, 1)
  yield* Metric.update(
    LoaderMetrics.batchSeconds,
    Math.max(0, Date.now() - batch.knownAt) / 1000
  )
})
