import { describe, expect } from "bun:test"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Exit, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { completeBackup } from "../src/completeBackup.ts"
import { dumpPiece, eventPieces } from "../src/dumpEvents.ts"
import { dumpPostgres } from "../src/dumpPostgres.ts"
import { folderOf, type Manifest, manifestKey } from "../src/Manifest.ts"
import { readManifest } from "../src/readManifest.ts"
import { restore } from "../src/restore.ts"
import { checkObject } from "../src/tallyObject.ts"
import { objects, place } from "./place.ts"

const HOSTILE = "tab\there, line\nbreak, back\\slash, \\N, 'quotes\", null\u0001, 😀"
const DONE = 11n
const OPEN = 12n
const LATER = 13n
/** Open when Postgres is read, done and forgotten by the event store after that. */
const REMOVAL = "00000000-0000-4000-8000-000000000001"

const event = (batch: bigint, knownAt: string, messageId: string) => ({
  project_id: 7,
  event: "Viewed\n\\thing",
  type: "track",
  timestamp: "2025-11-02 10:00:00.123",
  received_at: "2026-11-02 10:00:00.456",
  known_at: knownAt,
  message_id: messageId,
  user_id: HOSTILE,
  id_hash: "18446744073709551615",
  props: { "a\\.b": JSON.stringify(HOSTILE), n: "12345678901234567890" },
  context: { "page.path": '"/x"' },
  batch_id: String(batch)
})

const insert = (rows: ReadonlyArray<object>, table = "events") =>
  ClickHouse.use((store) =>
    store.insert({
      table,
      format: "JSONEachRow",
      body: rows.map((row) => JSON.stringify(row)).join("\n")
    })
  )

const batch = (id: bigint, knownAt: string, done: boolean) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      INSERT INTO ingest.batches (batch_id, shard, lane, epoch, parser_version, known_at,
        inbox_ids, received_from, received_to, events, done_at)
      VALUES (${id}, 0, 'live', 1, 1, ${knownAt}::timestamptz, '{}', now(), now(), 1,
        ${done ? new Date() : null})`
  )

const fill = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO control.projects (id, name, timezone)
    VALUES (7, ${HOSTILE}, 'Europe/Berlin')`
  yield* sql`
    INSERT INTO ingest.links (project_id, kind, from_id, to_id, timestamp, message_id,
      known_at, batch_id)
    VALUES (7, 'claim', ${HOSTILE}, 'u1', now(), 'm1', now(), ${DONE})`
  yield* sql`
    INSERT INTO jobs.jobs (id, project_id, type, payload, state, created_by)
    VALUES (gen_random_uuid(), 7, 'noop', '{}', 'running', 'admin')`
  yield* sql`
    INSERT INTO ingest.removals
      (id, project_id, kind, id_hashes, requested_at, known_at, hidden_at)
    VALUES (${REMOVAL}::uuid, 7, 'person', '{-2,3}', '2026-11-02T09:00:00.123Z',
      '2026-11-02T09:00:00.124Z', now())`
  yield* sql`UPDATE ingest.watermark SET published = '2026-11-01T00:00:00Z'`
  yield* batch(DONE, "2026-11-02T11:00:00Z", true)
  yield* batch(OPEN, "2026-11-02T12:00:00Z", false)
  yield* insert([
    event(DONE, "2026-11-02 11:00:00", "m1"),
    { ...event(DONE, "2026-11-02 11:00:00", "m2"), timestamp: "2025-12-01 00:00:00" },
    event(OPEN, "2026-11-02 12:00:00", "m3")
  ])
  yield* insert(
    [DONE, OPEN].map((id) => ({ hash: String(id), batch_id: String(id), claimed: 1 })),
    "seen"
  )
})

/** Seals and stores a batch after Postgres was read. */
const goOn = (sealedUpTo: string) =>
  Effect.gen(function* () {
    const knownAt = new Date(Date.parse(sealedUpTo) + 1000).toISOString()
    yield* batch(LATER, knownAt, true)
    yield* insert([event(LATER, knownAt.replace("T", " ").replace("Z", ""), "m4")])
    yield* insert([{ hash: "4", batch_id: String(LATER), claimed: 1 }], "seen")
  })

const take = Effect.fnUntraced(function* (name: string) {
  const { url } = yield* PostgresConfig
  const postgres = yield* dumpPostgres(url, name)
  const sql = yield* SqlClient.SqlClient
  // A batch is open below it, so nobody may be told of a later watermark.
  expect(yield* sql`SELECT published FROM ingest.watermark`).toEqual([
    { published: new Date("2026-11-01T00:00:00Z") }
  ])
  yield* goOn(postgres.sealedUpTo)
  const pieces = yield* Effect.forEach(yield* eventPieces, (piece) =>
    dumpPiece(piece, name, postgres.sealedUpTo)
  )
  // It took so long that the inbox was trimmed.
  yield* sql`DELETE FROM ingest.batches WHERE batch_id = ${LATER}`
  return yield* completeBackup(url, name, postgres, pieces)
})

const bringBack = (manifest: Manifest, replace = false) =>
  Effect.flatMap(PostgresConfig, ({ url }) => restore(manifest, { url, replace }))

const messages = Effect.gen(function* () {
  const store = yield* ClickHouse
  return yield* store.query(
    "SELECT message_id, user_id, props, toString(id_hash) AS id FROM events ORDER BY message_id"
  )
})
const seen = ClickHouse.use((store) =>
  store.query<{ batch: string }>(
    "SELECT toString(batch_id) AS batch FROM seen ORDER BY batch"
  )
)

describe("a backup", () => {
  const { effect } = withLayer(objects)

  effect("brings both stores back to one moment, into a new installation", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      const target = yield* Layer.build(place)
      yield* Effect.provide(fill, source)
      yield* Effect.provide(take("first"), source)
      const manifest = yield* readManifest("first")
      expect(manifest.excludedBatches.toSorted()).toEqual([String(OPEN), String(LATER)])

      yield* Effect.gen(function* () {
        yield* bringBack(manifest)
        const sql = yield* SqlClient.SqlClient
        expect(yield* sql`SELECT id, name FROM control.projects`).toEqual([
          { id: 7n, name: HOSTILE }
        ])
        expect(yield* sql`SELECT from_id FROM ingest.links`).toEqual([
          { fromId: HOSTILE }
        ])
        expect(yield* sql`SELECT state FROM jobs.jobs`).toEqual([{ state: "parked" }])
        expect(
          yield* sql`SELECT batch_id FROM ingest.batches WHERE done_at IS NULL`
        ).toEqual([{ batchId: OPEN }])
        const found = yield* messages
        expect(found.map((row) => row["message_id"])).toEqual(["m1", "m2"])
        expect(found[0]).toMatchObject({
          user_id: HOSTILE,
          id: "18446744073709551615",
          props: { "a\\.b": JSON.stringify(HOSTILE), n: "12345678901234567890" }
        })
        expect(yield* seen).toEqual([{ batch: String(DONE) }])
        const store = yield* ClickHouse
        expect(
          yield* store.query("SELECT * FROM removals ORDER BY id_hash")
        ).toMatchObject(
          ["3", "18446744073709551614"].map((hash) => ({
            removal: REMOVAL,
            is_range: 0,
            id_hash: hash,
            received_until: "2026-11-02 09:00:00.123",
            known_until: "2026-11-02 09:00:00.124"
          }))
        )
        const ids = yield* sql<{ id: string }>`SELECT id FROM public.installation`
        expect(
          yield* store.query("SELECT toString(id) AS id FROM installation")
        ).toEqual(ids.map(({ id }) => ({ id })))
      }).pipe(Effect.provide(target))
    }).pipe(Effect.scoped)
  )

  effect("does not replace what is there unless it may", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      yield* Effect.gen(function* () {
        yield* fill
        const manifest = yield* take("second")
        const refused = yield* Effect.flip(bringBack(manifest))
        expect(refused.detail).toContain("not empty")
        yield* bringBack(manifest, true)
        expect((yield* messages).length).toBe(2)
      }).pipe(Effect.provide(source))
    }).pipe(Effect.scoped)
  )

  effect("is refused when a byte of it changed, and leaves Postgres as it was", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      yield* Effect.gen(function* () {
        yield* fill
        const manifest = yield* take("third")
        const store = yield* ObjectStore
        const [object] = manifest.objects.filter(({ table }) => table === "events")
        if (object === undefined) throw new Error("no events were dumped")
        const other = Bun.zstdCompressSync("1\tother\n")
        yield* store.put(object.key, Stream.make(other))
        expect(Exit.isFailure(yield* Effect.exit(checkObject(object)))).toBe(true)
        expect(Exit.isFailure(yield* Effect.exit(bringBack(manifest, true)))).toBe(true)
        const sql = yield* SqlClient.SqlClient
        expect(yield* sql`SELECT state FROM jobs.jobs`).toEqual([{ state: "running" }])
      }).pipe(Effect.provide(source))
    }).pipe(Effect.scoped)
  )

  effect("stays whole until the next of its name is complete, which alone stays", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      yield* Effect.gen(function* () {
        yield* fill
        const first = yield* take("again")
        const { url } = yield* PostgresConfig
        const postgres = yield* dumpPostgres(url, "again")
        expect(yield* readManifest("again")).toEqual(first)
        yield* Effect.forEach(first.objects, checkObject)
        const second = yield* completeBackup(url, "again", postgres, [])
        const store = yield* ObjectStore
        const keys = yield* Stream.runCollect(store.list(`${folderOf("again")}/`))
        expect(keys.map(({ key }) => key).toSorted()).toEqual(
          [manifestKey("again"), ...second.objects.map(({ key }) => key)].toSorted()
        )
      }).pipe(Effect.provide(source))
    }).pipe(Effect.scoped)
  )

  effect("is refused when nothing is left of an object", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      yield* Effect.gen(function* () {
        yield* fill
        const manifest = yield* take("nothing")
        const store = yield* ObjectStore
        const [object] = manifest.objects.filter(({ table }) => table === "seen")
        if (object === undefined) throw new Error("no claims were dumped")
        yield* store.put(object.key, Stream.make(Bun.zstdCompressSync("")))
        const refused = yield* Effect.flip(bringBack(manifest, true))
        expect(refused.detail).toContain(`has 0 rows`)
      }).pipe(Effect.provide(source))
    }).pipe(Effect.scoped)
  )

  effect("replaces stores whose inbox was trimmed since", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const at = "2026-11-02T10:30:00Z"
        yield* sql`
          CREATE TABLE ingest.inbox_2026110210 PARTITION OF ingest.inbox
            FOR VALUES FROM ('2026-11-02T10:00:00Z') TO ('2026-11-02T11:00:00Z')`
        yield* sql`
          INSERT INTO ingest.inbox
            (id, received_at, shard, lane, events, bytes, project_ids, project_counts, frame)
          VALUES (1, ${at}::timestamptz, 0, 'live', 1, 1, '{7}', '{1}', '\\x00')`
        yield* fill
        const manifest = yield* take("trimmed")
        yield* sql`ALTER TABLE ingest.inbox DETACH PARTITION ingest.inbox_2026110210`
        yield* bringBack(manifest, true)
        expect(yield* sql`SELECT id FROM ingest.inbox`).toEqual([{ id: 1n }])
      }).pipe(Effect.provide(source))
    }).pipe(Effect.scoped)
  )

  effect("is the same however the parts of a table lie", () =>
    Effect.gen(function* () {
      const source = yield* Layer.build(place)
      const target = yield* Layer.build(place)
      const bytes = "\u0000\u0007\u001b\u2028\ufeff\t\n\\"
      const many = (from: number, to: number) =>
        Object.fromEntries(
          Array.from({ length: to - from }, (_, i) => {
            const n = ((i * 7919) % (to - from)) + from
            return [`k${n}${bytes}`, JSON.stringify(`${n}${bytes}'",:{}`)]
          })
        )
      yield* Effect.gen(function* () {
        yield* fill
        const store = yield* ClickHouse
        for (const [index, width] of [1, 3, 40, 2, 200, 0].entries())
          yield* insert([
            {
              ...event(DONE, "2026-11-02 11:00:00", `map${index}${bytes}`),
              props: many(index, index + width),
              context: many(0, width)
            }
          ])
        yield* store.command(
          "INSERT INTO events (project_id, message_id, user_id, timestamp, known_at, batch_id) SELECT 7, unhex('00ff80c3280a09'), unhex('fffe0d0a5c4e'), '2025-11-02 10:00:00', '2026-11-02 11:00:00', {batch:UInt64}",
          { params: { batch: String(DONE) } }
        )
        yield* store.command(
          "INSERT INTO seen SELECT reinterpretAsUInt128(unhex(repeat('ff', 16))), 18446744073709551615, 0"
        )
        yield* store.command(
          "INSERT INTO cohort_ids SELECT 7, '00000000-0000-0000-0000-0000000000ff', 18446744073709551615, '2020-01-01 00:00:00.123456', 1"
        )
        yield* take("parts")
      }).pipe(Effect.provide(source))
      const manifest = yield* readManifest("parts")
      yield* Effect.provide(bringBack(manifest), target)
      const hostile = ClickHouse.use((store) =>
        store.query(
          "SELECT hex(message_id) AS m, hex(user_id) AS u FROM events WHERE user_id NOT LIKE 'tab%'"
        )
      ).pipe(Effect.provide(target))
      expect(yield* hostile).toEqual([{ m: "00FF80C3280A09", u: "FFFE0D0A5C4E" }])
    }).pipe(Effect.scoped)
  )

  effect("is none before its manifest is written", () =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      yield* store.put(
        `${folderOf("fourth")}/postgres/x`,
        Stream.make(new Uint8Array(1))
      )
      const refused = yield* Effect.flip(readManifest("fourth"))
      expect(refused._tag).toBe("BackupRefused")
    })
  )
})
