import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { Cause, Effect, Fiber, FiberMap, Metric, type Scope } from "effect"
import { LedgerUnavailable } from "./LoaderErrors.ts"
import * as LoaderMetrics from "./LoaderMetrics.ts"
import { LOCK_CLASS } from "./ShardLease.ts"

/** First half of an advisory lock that every loader process shares. */
const MEMBER_CLASS = 0x6c6f6d65
/** That of the lock of the one process that has the duties. */
const DUTY_CLASS = 0x6c6f6475

/** How often a process looks what is free, and how many there are. */
const LOOK = "1 second"
/** While a statement runs, nothing else tells that the server is gone. */
const LOOK_TIMEOUT = "30 seconds"
/** How long a shard that could not be loaded is left to others. */
const FIRST_REST_MS = 1000
const LONGEST_REST_MS = 30_000

interface State {
  /** This process has the duties. */
  readonly onDuty: boolean
  /** Backends of the loader processes, one each. */
  readonly members: ReadonlyArray<number>
  /** Shards that have messages to load or may get some. */
  readonly shards: ReadonlyArray<{ readonly shard: number; readonly free: boolean }>
}

/**
 * What every loader process asks for: shards that nobody has are taken by those that have
 * fewer than their share. Locks and not heartbeats tell who is there, so that a process
 * that ended is missing at once.
 */
const STATE_SQL = `
  WITH locks AS (
    SELECT classid::bigint AS class, objid::bigint AS id, pid FROM pg_catalog.pg_locks
     WHERE locktype = 'advisory' AND objsubid = 2 AND granted
       AND database = (SELECT oid FROM pg_catalog.pg_database
                        WHERE datname = current_database()))
  SELECT pg_try_advisory_lock($3, 0) AS duty,
         ARRAY(SELECT pid FROM locks WHERE class = $1 ORDER BY pid) AS members,
         coalesce((
           SELECT jsonb_agg(jsonb_build_object(
                    'shard', s.shard,
                    'free', NOT EXISTS (
                      SELECT 1 FROM locks WHERE class = $2 AND id = s.shard))
                  ORDER BY s.shard)
             FROM ingest.shards AS s
            WHERE EXISTS (SELECT 1 FROM ingest.shard_map AS m WHERE m.shard = s.shard)
               OR EXISTS (SELECT 1 FROM ingest.inbox AS i
                           WHERE i.shard = s.shard AND i.batch_id IS NULL)
               OR EXISTS (SELECT 1 FROM ingest.batches AS b
                           WHERE b.shard = s.shard AND b.done_at IS NULL)),
           '[]') AS shards`

/** How many of `shards` the process of a rank, from 0, should have. */
export const shareOf = (shards: number, processes: number, rank: number): number =>
  Math.floor(shards / processes) + (rank < shards % processes ? 1 : 0)

/** They begin again with the next look. */
const reportDuties = (cause: Cause.Cause<unknown>) =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.void
    : Effect.logError("the duties of the loaders stopped", cause)

/**
 * Loads a fair share of the shards, each as long as it is held, and runs the duties that
 * one process has for all. Fails when the session of this process is gone.
 *
 * @param load loads one shard; ends or fails when it is lost
 * @param duties what only one process should do; runs for ever
 */
export const run = Effect.fn("LoaderPool.run")(function* <E, R, E2, R2>(
  load: (shard: number) => Effect.Effect<never, E, R>,
  duties: Effect.Effect<never, E2, R2>
): Effect.fn.Return<
  never,
  LedgerUnavailable | DirectConnection.ConnectionLost,
  R | R2 | PostgresConfig | Scope.Scope
> {
  const { url } = yield* PostgresConfig
  const connection = yield* DirectConnection.make({
    url,
    applicationName: "loader"
  }).pipe(Effect.mapError((cause) => new LedgerUnavailable({ cause })))
  const loaders = yield* FiberMap.make<number | "duties">()
  const resting = new Map<number, { readonly until: number; readonly ms: number }>()

  const state = Effect.map(
    // Detached, because an interrupted statement first waits for the server's consent.
    Effect.forkDetach(
      connection.query<{
        duty: boolean
        members: State["members"]
        shards: State["shards"]
      }>(STATE_SQL, [MEMBER_CLASS, LOCK_CLASS, DUTY_CLASS])
    ).pipe(Effect.flatMap(Fiber.join), Effect.timeout(LOOK_TIMEOUT)),
    ([row]): State => ({
      onDuty: row?.duty ?? false,
      members: row?.members ?? [],
      shards: row?.shards ?? []
    })
  )

  /** One that cannot be loaded here keeps nobody, and others may try. */
  const loadOne = (shard: number) => {
    const begun = Date.now()
    return load(shard).pipe(
      Effect.onError((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.void
        const before = Date.now() - begun > LONGEST_REST_MS ? 0 : resting.get(shard)?.ms
        const ms = Math.min(LONGEST_REST_MS, 2 * (before || FIRST_REST_MS / 2))
        resting.set(shard, { until: Date.now() + ms, ms })
        return Effect.andThen(
          Metric.update(LoaderMetrics.retries, 1),
          Effect.logError("a shard is not loaded here any more", cause).pipe(
            Effect.annotateLogs({ shard })
          )
        )
      })
    )
  }

  const balance = Effect.fnUntraced(function* () {
    const { members, onDuty, shards } = yield* state
    if (onDuty && !(yield* FiberMap.has(loaders, "duties")))
      yield* FiberMap.run(loaders, "duties", Effect.onError(duties, reportDuties))
    const rank = Math.max(0, members.indexOf(connection.processId))
    const share = shareOf(shards.length, Math.max(1, members.length), rank)
    const held = [...loaders].map(([key]) => key).filter((key) => key !== "duties")
    // One that is empty for good must not take the place of a shard in use.
    const used = new Set(shards.map(({ shard }) => shard))
    const mine = held.filter((shard) => used.has(shard))
    const left = [...held.filter((shard) => !used.has(shard)), ...mine.slice(share)]
    // What is left of a batch is finished by who takes the shard.
    for (const shard of left) {
      yield* Effect.logInfo("a shard is left to another loader").pipe(
        Effect.annotateLogs({ shard })
      )
      yield* FiberMap.remove(loaders, shard)
    }
    const now = Date.now()
    const free = shards.filter(
      ({ free, shard }) => free && (resting.get(shard)?.until ?? 0) <= now
    )
    // Each begins elsewhere, so that two seldom want the same one.
    const first =
      members.length === 0 ? 0 : Math.floor((free.length * rank) / members.length)
    for (const { shard } of [...free.slice(first), ...free.slice(0, first)].slice(
      0,
      Math.max(0, share - mine.length)
    ))
      if (!(yield* FiberMap.has(loaders, shard)))
        yield* FiberMap.run(loaders, shard, loadOne(shard))
  })

  yield* connection
    .query("SELECT pg_advisory_lock_shared($1, 0)", [MEMBER_CLASS])
    .pipe(Effect.mapError((cause) => new LedgerUnavailable({ cause })))
  return yield* balance().pipe(
    Effect.mapError((cause) => new LedgerUnavailable({ cause })),
    Effect.andThen(Effect.sleep(LOOK)),
    Effect.forever,
    Effect.raceFirst(connection.lost)
  )
})
