import { timeOf } from "@analytics/data-processing/UniqueId"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { QueriesUnavailable } from "../query/QueryProblems.ts"
import { Watermark } from "../query/Watermark.ts"
import { BatchCountsRepo, MOST_BATCHES, type StoredBatch } from "./BatchCountsRepo.ts"
import { type Counted, idBefore, type Progress, ProgressRepo } from "./ProgressRepo.ts"

/** Events of one step, unless one batch has more. */
const STEP_EVENTS = 200_000
/**
 * A batch whose id is this much older than the watermark was seen before: ids are made
 * when a batch is sealed, by a clock that may differ from that of the watermark.
 */
const CLOCKS_DIFFER = 3_600_000

const noCounts = { events: [], properties: [], pairs: [] }

/** Brings the catalogue up to the watermark. */
export class CatalogueRefresh extends Context.Service<
  CatalogueRefresh,
  {
    /** Counts some batches. Whether there may be more to do at once. */
    readonly step: Effect.Effect<
      boolean,
      QueriesUnavailable | ClickHouseError | SqlError
    >
  }
>()("@analytics/analytics-api/catalogue/CatalogueRefresh") {
  static readonly layer = Layer.effect(
    CatalogueRefresh,
    Effect.gen(function* () {
      const watermarks = yield* Watermark
      const store = yield* BatchCountsRepo
      const repo = yield* ProgressRepo

      const count = Effect.fnUntraced(function* (
        watermark: number,
        { counted, countedTo }: Progress
      ) {
        const stored = yield* store.after(countedTo)
        // In test mode events may be known long before their batch; its id is not.
        const fresh = stored.filter(
          ({ id }) => !counted.has(id) && timeOf(id) <= watermark
        )
        const some = firstOf(fresh)
        const known =
          some.length === 0
            ? new Set<bigint>()
            : yield* store.knownBy(
                watermark,
                some.map(({ id }) => id)
              )
        const batches = some.map(({ id }) => id).filter((id) => known.has(id))
        const counts = batches.length === 0 ? noCounts : yield* store.count(batches)
        const next = fresh.find(({ id }) => !known.has(id)) ?? unseen(stored)
        const done: Counted & { readonly isBehind: boolean } = {
          batches,
          counts,
          countedTo: least(
            next === undefined ? undefined : next.id - 1n,
            greatest(countedTo, idBefore(watermark - CLOCKS_DIFFER))
          ),
          asOf: next === undefined ? watermark : timeOf(next.id) - 1,
          isBehind: fresh.length > some.length && batches.length > 0
        }
        return done
      })

      return CatalogueRefresh.of({
        step: Effect.gen(function* () {
          const { watermark } = yield* watermarks.current
          let isBehind = false
          yield* repo.step((progress) =>
            count(watermark, progress).pipe(
              Effect.tap((done) =>
                Effect.sync(() => {
                  isBehind = done.isBehind
                })
              )
            )
          )
          return isBehind
        }).pipe(Effect.withSpan("CatalogueRefresh.step"))
      })
    })
  )
}

/** The oldest, until they hold enough events for one step. */
const firstOf = (batches: ReadonlyArray<StoredBatch>): ReadonlyArray<StoredBatch> => {
  let events = 0
  return batches.filter((batch, index) => {
    events += batch.events
    return index === 0 || events <= STEP_EVENTS
  })
}

/** Where a look that found as many batches as it may has to begin again. */
const unseen = (stored: ReadonlyArray<StoredBatch>): StoredBatch | undefined => {
  const last = stored.at(-1)
  return stored.length < MOST_BATCHES || last === undefined
    ? undefined
    : { id: last.id + 1n, events: 0 }
}

const least = (limit: bigint | undefined, id: bigint): bigint =>
  limit !== undefined && limit < id ? limit : id

const greatest = (one: bigint, other: bigint): bigint => (one > other ? one : other)
