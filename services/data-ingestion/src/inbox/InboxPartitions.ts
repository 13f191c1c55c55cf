import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"

const HOUR = 3_600_000

/** How many whole hours after the current one must have a partition. */
const HOURS_AHEAD = 25

/** A partition of `ingest.inbox`: one hour of receipts. */
export interface Partition {
  readonly name: string
  readonly from: string
  readonly to: string
}

/** The partitions that must exist at `now`: the current hour and a day ahead. */
export const partitionsAt = (now: number): ReadonlyArray<Partition> => {
  const start = Math.floor(now / HOUR) * HOUR
  return Array.from({ length: HOURS_AHEAD + 1 }, (_, hour) => {
    const from = new Date(start + hour * HOUR).toISOString()
    return {
      name: `inbox_${from.slice(0, 13).replace(/[-T]/g, "")}`,
      from,
      to: new Date(start + (hour + 1) * HOUR).toISOString()
    }
  })
}

/** Creates the inbox's partitions ahead of time; a row without one could not be received. */
export class InboxPartitions extends Context.Service<
  InboxPartitions,
  {
    /** Creates those that are missing. Several processes may do so at once. */
    readonly ensure: Effect.Effect<void, SqlError>
  }
>()("@analytics/data-ingestion/inbox/InboxPartitions") {
  /** Ensures them at start, waiting for Postgres, and then every ten minutes. */
  static readonly layer = Layer.effect(
    InboxPartitions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const existing = sql<{ name: string }>`
        SELECT c.relname AS name
          FROM pg_catalog.pg_inherits h
          JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
         WHERE h.inhparent = 'ingest.inbox'::regclass`

      /**
       * Built apart and then attached, which waits for no reader of the inbox and stops
       * no commit; creating it in place would. Names and bounds come from the clock
       * alone, and DDL takes no parameters.
       */
      const create = ({ name, from, to }: Partition) =>
        Effect.gen(function* () {
          yield* sql`SET LOCAL lock_timeout = '2s'`
          yield* sql.unsafe(
            `CREATE TABLE ingest.${name} (LIKE ingest.inbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING INDEXES)`
          )
          yield* sql.unsafe(
            `ALTER TABLE ingest.inbox ATTACH PARTITION ingest.${name} FOR VALUES FROM ('${from}') TO ('${to}')`
          )
        })

      const ensure = Effect.gen(function* () {
        // Several processes take turns.
        yield* sql`SELECT pg_advisory_xact_lock(hashtext('ingest.inbox partitions'))`
        // Postgres decides which partition a row goes to, so its clock counts.
        const [clock] = yield* sql<{ now: Date }>`SELECT now() AS now`
        const names = new Set((yield* existing).map(({ name }) => name))
        const wanted = partitionsAt(clock?.now.getTime() ?? Date.now())
        const missing = wanted.filter(({ name }) => !names.has(name))
        yield* Effect.forEach(missing, create, { discard: true })
        if (missing.length > 0)
          yield* Effect.logInfo("created inbox partitions").pipe(
            Effect.annotateLogs({ count: missing.length, last: missing.at(-1)?.name })
          )
      }).pipe(
        sql.withTransaction,
        within("30 seconds"),
        Effect.withSpan("InboxPartitions.ensure")
      )

      const patient = ensure.pipe(
        Effect.tapError((error) => Effect.logError("no inbox partitions", error)),
        Effect.retry(Schedule.spaced("1 second"))
      )
      yield* patient
      yield* patient.pipe(
        Effect.repeat(Schedule.spaced("10 minutes")),
        Effect.forkScoped
      )
      return InboxPartitions.of({ ensure })
    })
  )
}
