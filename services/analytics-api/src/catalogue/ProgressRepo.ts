import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import type { Counts } from "./counts.ts"
import { addEvents, addPairs, addProperties } from "./upserts.ts"

/** How far the catalogue has counted. */
export interface Progress {
  /** Every batch up to this id is counted. */
  readonly countedTo: bigint
  /** Batches after that which are counted too. */
  readonly counted: ReadonlySet<bigint>
}

/** What a step counted, and where that leaves the catalogue. */
export interface Counted {
  readonly batches: ReadonlyArray<bigint>
  readonly counts: Counts
  /** No batch up to this id can appear any more. */
  readonly countedTo: bigint
  /** In milliseconds since 1970. */
  readonly asOf: number
}

/** The catalogue's tables, written. */
export class ProgressRepo extends Context.Service<
  ProgressRepo,
  {
    /**
     * One transaction that holds the progress, so that nobody else counts meanwhile, and
     * commits what the step counted together with it. None when somebody else counts.
     */
    step<E>(
      count: (progress: Progress) => Effect.Effect<Counted, E>
    ): Effect.Effect<Counted | undefined, E | SqlError>
  }
>()("@analytics/analytics-api/catalogue/ProgressRepo") {
  static readonly layer = Layer.effect(
    ProgressRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return ProgressRepo.of({
        step: (count) =>
          Effect.gen(function* () {
            const [held] = yield* sql<{ countedTo: bigint }>`
              SELECT counted_to FROM control.catalogue_progress
                 FOR UPDATE SKIP LOCKED`
            if (held === undefined) return undefined
            const rows = yield* sql<{ batchId: bigint }>`
              SELECT batch_id FROM control.catalogue_batches`
            const counted = new Set(rows.map(({ batchId }) => batchId))
            const done = yield* count({ countedTo: held.countedTo, counted })
            yield* addEvents(sql, done.counts.events)
            yield* addProperties(sql, done.counts.properties)
            yield* addPairs(sql, done.counts.pairs)
            const later = done.batches.filter((id) => id > done.countedTo)
            yield* sql`
              DELETE FROM control.catalogue_batches WHERE batch_id <= ${done.countedTo}`
            // A batch that is there already would be counted twice: then this fails.
            yield* sql`
              INSERT INTO control.catalogue_batches
              SELECT * FROM unnest(${later}::bigint[])`
            yield* sql`
              UPDATE control.catalogue_progress
                 SET counted_to = ${done.countedTo},
                     as_of = to_timestamp(${BigInt(done.asOf)}::bigint / 1000.0)`
            return done
          }).pipe(
            sql.withTransaction,
            within("2 minutes"),
            Effect.withSpan("ProgressRepo.step")
          )
      })
    })
  )
}

/** The id of a batch that was made just before then. */
export const idBefore = (ms: number): bigint => BigInt(Math.trunc(ms)) << 22n
