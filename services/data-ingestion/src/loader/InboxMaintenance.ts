import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { Duration, Effect, Layer, Schedule } from "effect"
import { SqlClient, type Statement } from "effect/sql"

const HOUR = 3_600_000

interface Partition {
  readonly name: string
  readonly attached: boolean
  /** An earlier DETACH CONCURRENTLY was interrupted. */
  readonly pending: boolean
}

/** The hour after which a partition named `inbox_2026112400` gets no more rows. */
export const endOf = (name: string): number => {
  const match = /^inbox_(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(name)
  if (match === null) return Number.POSITIVE_INFINITY
  const [, year, month, day, hour] = match
  return Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`) + HOUR
}

/**
 * Removes hours of the inbox whose rows were all stored longer ago than the retention.
 *
 * A plain DROP would wait behind one long read and make every acknowledgement wait behind
 * itself, so: check, DETACH CONCURRENTLY, then DROP what no query can see any more.
 *
 * @returns the names of the partitions that were dropped
 */
export const removeOldPartitions = Effect.fn("InboxMaintenance.removeOldPartitions")(
  function* (retention: Duration.Duration) {
    const sql = yield* SqlClient.SqlClient
    const [clock] = yield* sql<{ now: Date }>`SELECT now()`
    const before = (clock?.now.getTime() ?? 0) - Duration.toMillis(retention)
    const partitions = yield* sql<Partition>`
      SELECT c.relname AS name, h.inhrelid IS NOT NULL AS attached,
             coalesce(h.inhdetachpending, false) AS pending
        FROM pg_catalog.pg_class c
        LEFT JOIN pg_catalog.pg_inherits h
          ON h.inhrelid = c.oid AND h.inhparent = 'ingest.inbox'::regclass
       WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'r'
         AND c.relname ~ '^inbox_[0-9]{10}$'
       ORDER BY c.relname`
    const dropped: Array<string> = []
    for (const { name, attached, pending } of partitions) {
      if (endOf(name) > before) continue
      const table = sql.literal(`ingest.${name}`)
      if (attached && !pending) {
        if (!(yield* isStored(sql, table, new Date(before)))) continue
        yield* sql`ALTER TABLE ingest.inbox DETACH PARTITION ${table} CONCURRENTLY`
      } else if (pending)
        yield* sql`ALTER TABLE ingest.inbox DETACH PARTITION ${table} FINALIZE`
      // Detached, it gets no more rows; what was stored before is stored still.
      if (!(yield* isStored(sql, table, new Date(before)))) {
        yield* Effect.logError(
          "a detached part of the inbox holds pending events"
        ).pipe(Effect.annotateLogs({ table: name }))
        continue
      }
      yield* sql.withTransaction(
        Effect.andThen(sql`SET LOCAL lock_timeout = '2s'`, sql`DROP TABLE ${table}`)
      )
      dropped.push(name)
    }
    // A batch is forgotten once none of its rows can be left.
    const oldest = partitions
      .filter(({ name }) => !dropped.includes(name))
      .map(({ name }) => endOf(name) - HOUR)
    if (dropped.length > 0)
      yield* sql`
        DELETE FROM ingest.batches
         WHERE done_at IS NOT NULL
           AND received_to <= ${new Date(Math.min(before, ...oldest))}`
    return dropped
  }
)

/** Whether every row of a partition is in a batch that was done before `before`. */
const isStored = (sql: SqlClient.SqlClient, table: Statement.Fragment, before: Date) =>
  sql`
    SELECT 1 FROM ${table} i
      LEFT JOIN ingest.batches b ON b.batch_id = i.batch_id
     WHERE b.done_at IS NULL OR b.done_at > ${before}
     LIMIT 1`.pipe(Effect.map((rows) => rows.length === 0))

/** How long a dropped event has a receipt, and receipts removed by one statement. */
const RECEIPT_DAYS = 7
const RECEIPTS = 10_000

/** Removes receipts of events that were dropped long ago. */
export const removeOldReceipts = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    DELETE FROM ingest.dropped WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM ingest.dropped
       WHERE dropped_at < now() - make_interval(days => ${RECEIPT_DAYS})
       LIMIT ${RECEIPTS}))
    RETURNING 1`.pipe(Effect.repeat({ while: (rows) => rows.length === RECEIPTS }))
}).pipe(Effect.withSpan("InboxMaintenance.removeOldReceipts"))

/** Looks every ten minutes. Loaders take turns; one that fails tries again next time. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { inboxRetention } = yield* LoaderConfig
    yield* removeOldPartitions(inboxRetention).pipe(
      Effect.tap((dropped) =>
        dropped.length === 0
          ? Effect.void
          : Effect.logInfo("removed old parts of the inbox").pipe(
              Effect.annotateLogs({ dropped })
            )
      ),
      Effect.catchCause((cause) =>
        Effect.logWarning("the inbox was not trimmed", cause)
      ),
      // Whatever keeps the inbox: receipts have a date to go.
      Effect.andThen(removeOldReceipts),
      Effect.catchCause((cause) =>
        Effect.logWarning("receipts were not removed", cause)
      ),
      Effect.repeat(Schedule.spaced("10 minutes")),
      Effect.forkScoped
    )
  })
)
