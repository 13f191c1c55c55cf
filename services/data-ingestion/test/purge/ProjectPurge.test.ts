import { describe, expect } from "bun:test"
import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Duration, Effect, Fiber, Layer, Option, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { accountOf } from "../../src/accounting/Accounting.ts"
import { AccountingRepo } from "../../src/accounting/AccountingRepo.ts"
import { UndoRepo } from "../../src/links/UndoRepo.ts"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { purgeDue } from "../../src/purge/ProjectPurge.ts"
import { PurgeRepo } from "../../src/purge/PurgeRepo.ts"
import { crash, drain, drainUntilCrash } from "../loader/faults.ts"
import { AT, receive, storedMessages, stores, track } from "../loader/loaderTest.ts"

const layer = Layer.mergeAll(
  PurgeRepo.layer,
  AccountingRepo.layer,
  UndoRepo.layer
).pipe(Layer.provideMerge(stores))

/** The books of a project, as `GET /v1/accounting` tells them. */
const account = (projectId: number) =>
  Effect.map(
    AccountingRepo.use((repo) => repo.counts(projectId)),
    accountOf
  )

/** What the receiver does: the row, and the count of what was acknowledged. */
const accept = Effect.fnUntraced(function* (
  projectId: number,
  messages: ReadonlyArray<string>,
  given: Parameters<typeof track>[1] = {}
) {
  const sql = yield* SqlClient.SqlClient
  yield* receive(messages.map((m) => track(m, { p: projectId, ...given })))
  yield* sql`
    INSERT INTO ingest.accepted AS a (project_id, writer, events)
    VALUES (${BigInt(projectId)}, 'test', ${BigInt(messages.length)})
        ON CONFLICT (project_id, writer)
        DO UPDATE SET events = a.events + excluded.events`
})

const deleted = (projectId: number) =>
  PurgeRepo.use((repo) => repo.register([projectId]))

const rowsOf = Effect.fnUntraced(function* (projectId: number) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* ClickHouse
  const params = { projectId }
  const [events] = yield* store.query<{ n: string }>(
    "SELECT count() AS n FROM events WHERE project_id = {projectId:UInt32}",
    { params }
  )
  const [links] = yield* store.query<{ n: string }>(
    "SELECT count() AS n FROM person_links WHERE project_id = {projectId:UInt32}",
    { params }
  )
  const [ledger] = yield* sql<{ n: bigint }>`
    SELECT (SELECT count(*) FROM ingest.links WHERE project_id = ${BigInt(projectId)})
         + (SELECT count(*) FROM ingest.quarantine WHERE project_id = ${BigInt(projectId)})
         + (SELECT count(*) FROM ingest.dropped WHERE project_id = ${BigInt(projectId)})
         + (SELECT count(*) FROM ingest.schema_violations
             WHERE project_id = ${BigInt(projectId)}) AS n`
  return {
    events: Number(events?.n),
    links: Number(links?.n),
    ledger: Number(ledger?.n)
  }
})

/** Every table of both stores that says whose its rows are, and the project's rows. */
const rowsByTable = Effect.fnUntraced(function* (projectId: number) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* ClickHouse
  const counts: Record<string, number> = {}
  // What `control`, `jobs`, `ml` and `reports` hold is removed by their owners.
  const ledger = yield* sql<{ name: string }>`
    SELECT c.table_schema || '.' || c.table_name AS name
      FROM information_schema.columns AS c
      JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.column_name = 'project_id' AND t.table_type = 'BASE TABLE'
       AND c.table_schema NOT IN ('control', 'jobs', 'ml', 'reports')`
  for (const { name } of ledger) {
    const [row] = yield* sql<{ n: bigint }>`
      SELECT count(*) AS n FROM ${sql.literal(name)}
       WHERE project_id = ${BigInt(projectId)}`
    counts[name] = Number(row?.n)
  }
  const tables = yield* store.query<{ name: string }>(
    `SELECT c.table AS name FROM system.columns AS c
      WHERE c.database = currentDatabase() AND c.name = 'project_id'`
  )
  for (const { name } of tables) {
    const [row] = yield* store.query<{ n: string }>(
      `SELECT count() AS n FROM ${quoteName(name)}
        WHERE project_id = {projectId:UInt32}`,
      { params: { projectId } }
    )
    counts[name] = Number(row?.n)
  }
  return counts
})

/** Counts, and nobody's data. */
const STAYS = [
  "ingest.accepted",
  "ingest.month_starts",
  "ingest.outcomes",
  "ingest.purges"
]

/** As if no removal had been completed within the hour. */
const longAgo = SqlClient.SqlClient.use(
  (sql) => sql`UPDATE ingest.purges SET done_at = done_at - interval '2 hours'`
)

const hour = Duration.hours(1)
const nothing = { events: 0, links: 0, ledger: 0 }

describe("a deleted project", () => {
  const it = withLayer(layer)

  it.effect("is removed with everything in it, and stays accounted for", () =>
    Effect.gen(function* () {
      yield* accept(7, ["a", "b", "b"])
      yield* accept(7, ["i"], { y: "identify", e: "$identify", a: "anonymous-1" })
      yield* accept(7, ["q"], { q: "timestamp_in_future" })
      yield* accept(7, ["w"], { w: [["revenue", "missing"]] })
      yield* accept(7, ["x"], { x: "excluded_path" })
      yield* accept(8, ["a", "n"], { a: "anonymous-1" })
      yield* drain
      const before = yield* account(7)
      expect(before).toMatchObject({ stored: 4, quarantined: 1, balanced: true })
      expect(yield* rowsOf(7)).toMatchObject({ events: 4, ledger: 4 })
      const neighbour = { books: yield* account(8), rows: yield* rowsOf(8) }

      yield* deleted(7)
      // What was acknowledged and not loaded yet is dropped, not stored.
      yield* accept(7, ["late", "a"])
      yield* drain
      expect(yield* account(7)).toMatchObject({
        accepted: 9,
        stored: 4,
        dropped: { excluded_path: 1, project_deleted: 2 },
        balanced: true
      })

      expect(yield* purgeDue(hour)).toEqual([7])
      expect(yield* rowsOf(7)).toEqual(nothing)
      expect(yield* account(7)).toEqual({
        accepted: 9,
        stored: 0,
        duplicate: 1,
        quarantined: 0,
        dropped: { excluded_path: 1, project_deleted: 2 },
        erased: 5,
        expired: 0,
        pending: 0,
        balanced: true
      })
      expect({ books: yield* account(8), rows: yield* rowsOf(8) }).toEqual(neighbour)
      expect(neighbour.rows.events).toBe(2)
      // Done is done.
      yield* longAgo
      expect(yield* purgeDue(hour)).toEqual([])
      expect((yield* account(7)).erased).toBe(5)
    })
  )

  it.effect("leaves rows in no table but those that stay", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* ClickHouse
      yield* longAgo
      yield* accept(13, ["i"], { y: "identify", e: "$identify", a: "anonymous-1" })
      yield* accept(13, ["q"], { q: "timestamp_in_future" })
      yield* accept(13, ["w"], { w: [["revenue", "missing"]] })
      yield* accept(13, ["x"], { x: "excluded_path" })
      yield* drain
      yield* sql`
        INSERT INTO ingest.link_undos (project_id, kind, from_id, to_id, known_at, done_at)
        VALUES (13, 'claim', 'a', 'u', now(), now())`
      yield* sql`
        INSERT INTO ingest.month_starts (month, project_id, events)
        VALUES ('2026-03-01', 13, 1)`
      yield* store.command(
        `INSERT INTO cohort_ids (project_id, cohort, id_hash, changed_at, is_member)
         VALUES (13, generateUUIDv4(), 1, now64(6), 1)`
      )
      yield* store.command(
        `INSERT INTO cohort_people (project_id, cohort, version, as_of, person)
         VALUES (13, generateUUIDv4(), generateUUIDv4(), now64(3), 1)`
      )
      yield* sql`
        INSERT INTO ingest.removals (id, project_id, kind, requested_at, known_at)
        VALUES ('5f0c9d5e-0000-4000-8000-000000000013', 13, 'person', now(), now())`
      yield* sql`
        INSERT INTO ingest.removed_ids (project_id, id_key, removal, known_at)
        VALUES (13, '\\x01', '5f0c9d5e-0000-4000-8000-000000000013', now())`
      yield* sql`
        INSERT INTO ingest.removed_links
          (project_id, kind, from_id, to_id, timestamp, message_id, known_at)
        VALUES (13, 'claim', 'a', 'u', now(), 'm', now())`
      yield* store.command(
        "INSERT INTO removals (project_id, removal) VALUES (13, generateUUIDv4())"
      )
      yield* deleted(13)
      // A table that is new must be filled here, so that its rows are seen to go.
      const empty = Object.entries(yield* rowsByTable(13)).filter(([, n]) => n === 0)
      expect(empty).toEqual([])
      expect(yield* purgeDue(hour)).toEqual([13])
      const left = Object.entries(yield* rowsByTable(13)).filter(([, n]) => n > 0)
      expect(left.map(([name]) => name).sort()).toEqual(STAYS)
    })
  )

  it.effect("keeps no event that was replayed while it was settled", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* longAgo
      yield* accept(14, ["q"], { q: "timestamp_in_future" })
      yield* drain
      yield* deleted(14)
      const purges = yield* PurgeRepo
      yield* purges.begin([14])
      const holding = yield* Deferred.make<void>()
      const replaying = yield* Effect.forkChild(
        Effect.gen(function* () {
          yield* sql`UPDATE ingest.quarantine SET replayed_at = now()
                      WHERE project_id = 14`
          yield* Deferred.succeed(holding, undefined)
          // Until the removal waits for this row.
          yield* sql<{ waiting: boolean }>`
            SELECT EXISTS (
              SELECT 1 FROM pg_locks
               WHERE NOT granted AND pid <> pg_backend_pid()
                 AND transactionid = pg_current_xact_id()::xid) AS waiting`.pipe(
            Effect.repeat({
              until: ([row]) => row?.waiting === true,
              schedule: Schedule.spaced("20 millis")
            })
          )
        }).pipe(sql.withTransaction)
      )
      yield* Deferred.await(holding)
      yield* purges.settle(14)
      yield* Fiber.join(replaying)
      expect((yield* rowsOf(14)).ledger).toBe(0)
    })
  )

  it.effect("waits for an undo that was begun before, and takes none after", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* longAgo
      const link = (a: string) => ({
        kind: "claim" as const,
        from: a,
        to: "u1",
        timestamp: AT,
        messageId: a
      })
      yield* accept(15, ["a1"], { y: "identify", e: "$identify", a: "a1" })
      yield* accept(15, ["a2"], { y: "identify", e: "$identify", a: "a2" })
      yield* drain
      const undos = yield* UndoRepo
      expect(Option.isSome(yield* undos.begin(15, link("a1")))).toBe(true)
      yield* deleted(15)
      expect(yield* purgeDue(hour)).toEqual([])
      expect(Option.isNone(yield* undos.begin(15, link("a2")))).toBe(true)
      const [undo] = yield* undos.open(15)
      yield* undos.done(undo?.id ?? 0n)
      expect(yield* purgeDue(hour)).toEqual([15])
      expect(yield* sql`SELECT 1 FROM ingest.link_undos WHERE project_id = 15`).toEqual(
        []
      )
    })
  )

  it.effect("waits for batches that were sealed before, and then for its turn", () =>
    Effect.gen(function* () {
      const sealed = Effect.gen(function* () {
        const batches = yield* BatchRepo
        const until = new Date(Date.now() + 60_000)
        return yield* batches.seal(
          "live",
          yield* batches.pending("live", new Date(0), until, 1)
        )
      }).pipe(
        Effect.provide(
          Layer.fresh(BatchRepo.layer.pipe(Layer.provideMerge(ShardLease.layer(0))))
        )
      )
      yield* longAgo
      yield* accept(9, ["sealed"])
      expect((yield* sealed).deletedProjects).toEqual([])
      yield* deleted(9)
      yield* accept(9, ["after"])
      expect((yield* sealed).deletedProjects).toEqual([9n])
      expect(yield* purgeDue(hour)).toEqual([])
      yield* drain
      expect(yield* storedMessages).toContain("9 sealed")
      expect(yield* account(9)).toMatchObject({
        stored: 1,
        dropped: { project_deleted: 1 },
        balanced: true
      })
      expect(yield* purgeDue(hour)).toEqual([9])
      yield* deleted(10)
      expect(yield* purgeDue(hour)).toEqual([])
      yield* longAgo
      expect(yield* purgeDue(hour)).toEqual([10])
    })
  )

  it.effect("goes on where a crash left it", () =>
    Effect.gen(function* () {
      yield* accept(11, ["a", "b"])
      yield* accept(11, ["q"], { q: "timestamp_in_future" })
      yield* drain
      yield* deleted(11)
      const real = yield* PurgeRepo
      const crashing = (step: "begin" | "settle") =>
        purgeDue(Duration.zero).pipe(
          Effect.provideService(PurgeRepo, {
            ...real,
            ...(step === "begin" ? { begin: () => crash } : { settle: () => crash })
          })
        )
      yield* drainUntilCrash(Effect.asVoid(crashing("begin")))
      expect((yield* rowsOf(11)).events).toBe(2)
      yield* drainUntilCrash(Effect.asVoid(crashing("settle")))
      expect((yield* rowsOf(11)).events).toBe(0)
      expect(yield* account(11)).toMatchObject({ stored: 2, balanced: true })
      expect(yield* purgeDue(Duration.zero)).toEqual([11])
      expect(yield* rowsOf(11)).toEqual(nothing)
      expect(yield* account(11)).toMatchObject({
        stored: 0,
        quarantined: 0,
        erased: 3,
        balanced: true
      })
    })
  )

  it.effect("is not settled while the store still answers rows of it", () =>
    Effect.gen(function* () {
      yield* accept(12, ["a"])
      yield* drain
      yield* deleted(12)
      const real = yield* ClickHouse
      const error = yield* purgeDue(Duration.zero).pipe(
        Effect.provideService(ClickHouse, { ...real, command: () => Effect.void }),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "RowsLeft", table: "events", rows: 1 })
      expect(yield* account(12)).toMatchObject({ stored: 1, erased: 0, balanced: true })
    })
  )
})
