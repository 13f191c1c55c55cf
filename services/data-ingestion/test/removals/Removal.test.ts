import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { Removals } from "../../src/removals/Removals.ts"
import { drain, drainWith, failure, inserting } from "../loader/faults.ts"
import { AT, freshLoader, storedMessages } from "../loader/loaderTest.ts"
import { accept, account, erase, hashOf, layer, pass, scan } from "./removalTest.ts"

/** Of one project: `storedMessages` names them with it. */
const storedOf = (projectId: number) =>
  Effect.map(storedMessages, (all) =>
    all.flatMap((each) =>
      each.startsWith(`${projectId} `) ? [each.slice(String(projectId).length + 1)] : []
    )
  )

const stateOf = (id: string) =>
  Effect.map(
    Removals.use((removals) => removals.get(id)),
    ({ counts, doneAt, ids }) => ({ counts, isDone: doneAt !== null, ids })
  )

/** A batch of what waits now, sealed and not loaded. */
const seal = Effect.gen(function* () {
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

const anna = "anna@example.com"
const device = "device-of-anna"

describe("an erased person", () => {
  const it = withLayer(layer)

  it.effect("is in no table of either store, and stays accounted for", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* accept(1, [
        { m: "1", a: device, u: "" },
        { m: "2", y: "identify", e: "$identify", u: anna, a: device, d: { age: 40 } },
        { m: "3", u: anna },
        { m: "4", u: anna, q: "timestamp_in_future" },
        // Somebody else on the same device.
        { m: "5", u: "ben", a: device },
        { m: "6", u: "ben" },
        { m: "7", u: "ben", a: device, q: "timestamp_in_future" }
      ])
      yield* drain
      const ids = [anna, device]
      const before = yield* scan(1, ids)
      expect(Object.keys(before).sort()).toEqual([
        "events 0",
        "events 1",
        "inbox lines",
        "ingest.links",
        "ingest.quarantine",
        "p_timeline",
        "person_links 0",
        "person_links 1"
      ])
      const removal = yield* erase(1, [device])
      expect(removal.idHashes.toSorted()).toEqual(
        [hashOf(1, anna), hashOf(1, device)].toSorted()
      )
      // What is kept aside can be listed: it goes at once.
      expect(yield* account(1)).toMatchObject({
        stored: 5,
        quarantined: 1,
        erased: 1,
        balanced: true
      })
      expect(yield* pass).toEqual([removal.id])
      expect(yield* scan(1, ids)).toEqual({})
      expect(yield* storedOf(1)).toEqual(["5", "6"])
      expect(yield* account(1)).toMatchObject({
        accepted: 7,
        stored: 2,
        quarantined: 1,
        erased: 4,
        balanced: true
      })
      expect(yield* stateOf(removal.id)).toEqual({
        isDone: true,
        ids: [],
        counts: { events: 3, person_links: 1, quarantine: 1, inbox: 4, links: 2 }
      })
      expect(yield* sql`SELECT 1 FROM ingest.removed_ids`).toEqual([])
      // Done is done.
      expect(yield* pass).toEqual([])
    })
  )

  it.effect("is nobody's yesterday when they come back", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      yield* accept(2, [
        { m: "1", u: anna, a: "a1" },
        { m: "2", u: "carl", a: "c1" }
      ])
      yield* drain
      yield* erase(2, [anna])
      // Before anything is removed, and after.
      yield* accept(2, [{ m: "3", u: "", a: "a1", r: Date.now() + 5 }])
      yield* accept(2, [{ m: "4", u: "dora", a: "a1", r: Date.now() + 5 }])
      // Sent again, late: it was erased.
      yield* accept(2, [{ m: "1", u: anna, a: "a1", r: Date.now() + 5 }])
      yield* drain
      yield* pass
      yield* accept(2, [{ m: "5", u: "dora", a: "a1", r: Date.now() + 5 }])
      yield* drain
      expect(yield* storedOf(2)).toEqual(["2", "3", "4", "5"])
      const links = yield* store.query<{ id: string; person: string }>(
        `SELECT id_hash AS id, argMax(person, (known_at, version)) AS person
           FROM person_links WHERE project_id = 2 GROUP BY id`
      )
      const persons = new Map(links.map(({ id, person }) => [id, person]))
      expect(persons.get(String(hashOf(2, "a1")))).toBe(String(hashOf(2, "dora")))
      expect(persons.has(String(hashOf(2, anna)))).toBe(false)
      expect(persons.get(String(hashOf(2, "c1")))).toBe(String(hashOf(2, "carl")))
      expect(yield* account(2)).toMatchObject({
        stored: 4,
        erased: 1,
        duplicate: 1,
        balanced: true
      })
    })
  )

  it.effect("is tied anew by a loader that knew the links of before", () =>
    Effect.gen(function* () {
      const loader = yield* Loader
      const both = { u: "lena", a: "phone-of-lena" }
      const tied = Effect.map(
        SqlClient.SqlClient.use(
          (sql) => sql`SELECT message_id FROM ingest.links WHERE project_id = 12`
        ),
        (rows) => rows.map(({ messageId }) => messageId)
      )
      yield* accept(12, [{ m: "1", ...both }])
      yield* loader.drain
      expect(yield* tied).toEqual(["1"])
      yield* erase(12, ["lena"])
      expect(yield* tied).toEqual([])
      yield* accept(12, [{ m: "2", ...both, r: Date.now() + 5 }])
      yield* loader.drain
      expect(yield* tied).toEqual(["2"])
      expect(yield* pass).toHaveLength(1)
      expect(yield* tied).toEqual(["2"])
    }).pipe(Effect.provide(freshLoader))
  )

  it.effect("is dropped by batches sealed later, whatever else befalls them", () =>
    Effect.gen(function* () {
      yield* accept(3, [
        { m: "1", u: anna },
        { m: "2", u: "ben" }
      ])
      const removal = yield* erase(3, [anna])
      yield* accept(3, [{ m: "3", u: anna, r: removal.requestedAt }, { m: "bad" }])
      yield* accept(3, [{ m: "4", u: anna, r: removal.requestedAt + 1 }])
      const refusing = inserting((request, real) => {
        if (request.table !== "events") return real.insert(request)
        const body = Buffer.from(request.body).toString("latin1")
        return body.includes("\u0003bad") ? failure("data") : real.insert(request)
      })
      yield* drainWith(refusing)
      expect(yield* storedOf(3)).toEqual(["2", "4"])
      expect(yield* account(3)).toMatchObject({
        stored: 2,
        erased: 2,
        quarantined: 1,
        balanced: true
      })
      expect(yield* pass).toEqual([removal.id])
      expect((yield* stateOf(removal.id)).counts).toEqual({ inbox: 2 })
      expect(yield* storedOf(3)).toEqual(["2", "4"])
    })
  )

  it.effect("waits for batches sealed before, and for the ids that these bring", () =>
    Effect.gen(function* () {
      const erin = "erin@example.com"
      const second = "second-device-of-erin"
      yield* accept(4, [{ m: "1", u: erin, a: "a1" }])
      yield* drain
      yield* accept(4, [
        { m: "2", u: "", a: second },
        { m: "3", y: "identify", e: "$identify", u: erin, a: second },
        { m: "4", u: "ben", a: "a1" }
      ])
      yield* seal
      const removal = yield* erase(4, [erin])
      expect(removal.idHashes).toHaveLength(2)
      expect(yield* pass).toEqual([])
      yield* drain
      expect(yield* storedOf(4)).toEqual(["1", "2", "3", "4"])
      // What tied them never came into the ledger, where it would tie whatever comes later.
      expect(
        yield* SqlClient.SqlClient.use(
          (sql) => sql`SELECT 1 FROM ingest.links WHERE project_id = 4`
        )
      ).toEqual([])
      // First it learns of the second device.
      yield* pass
      yield* pass
      const whole = yield* Removals.use((removals) => removals.get(removal.id))
      expect(whole.doneAt).not.toBeNull()
      expect(whole.idHashes).toHaveLength(3)
      expect(yield* storedOf(4)).toEqual(["4"])
      expect(yield* scan(4, [erin, second])).toEqual({})
      expect(yield* account(4)).toMatchObject({ stored: 1, erased: 3, balanced: true })
    })
  )

  it.effect("goes in one mutation with others that wait, each row counted once", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      yield* accept(5, [
        { m: "1", u: anna, t: AT },
        { m: "2", u: "ben", t: AT },
        { m: "3", u: "ben", t: AT + 60_000 },
        { m: "4", u: anna, t: AT + 60_000 },
        { m: "5", x: "excluded_path", t: AT, u: "" }
      ])
      yield* accept(6, [{ m: "1", u: anna, t: AT }])
      yield* drain
      const person = yield* erase(5, [anna])
      const range = yield* erase(5, [], {
        kind: "expiry",
        ids: [],
        from: AT - 1000,
        to: AT + 1000
      })
      const mutations = Effect.map(
        store.query<{ n: string }>(
          "SELECT count() AS n FROM system.mutations WHERE database = currentDatabase() AND table = 'events'"
        ),
        ([row]) => Number(row?.n)
      )
      const before = yield* mutations
      expect(yield* pass).toEqual([person.id, range.id])
      expect((yield* mutations) - before).toBe(1)
      expect(yield* storedOf(5)).toEqual(["3"])
      expect(yield* storedOf(6)).toEqual(["1"])
      expect((yield* stateOf(person.id)).counts).toEqual({ events: 2, inbox: 2 })
      expect((yield* stateOf(range.id)).counts).toEqual({
        events: 1,
        inbox: 2,
        receipts: 1
      })
      expect(yield* account(5)).toMatchObject({
        stored: 1,
        erased: 2,
        expired: 1,
        dropped: { excluded_path: 1 },
        balanced: true
      })
    })
  )

  it.effect("of a month of its own goes without a mutation", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      const old = Date.UTC(2001, 4, 5)
      yield* accept(7, [
        { m: "1", u: anna, t: old },
        { m: "2", u: anna }
      ])
      yield* drain
      const expiry = yield* erase(7, [], { kind: "expiry", from: 0, to: old + 1 })
      const before = yield* store.query(
        "SELECT 1 FROM system.mutations WHERE database = currentDatabase()"
      )
      expect(yield* pass).toEqual([expiry.id])
      const after = yield* store.query(
        "SELECT 1 FROM system.mutations WHERE database = currentDatabase()"
      )
      // That of the table `removals` alone.
      expect(after.length - before.length).toBe(1)
      expect(yield* storedOf(7)).toEqual(["2"])
      expect(yield* account(7)).toMatchObject({
        stored: 1,
        expired: 1,
        balanced: true
      })
    })
  )

  it.effect("stays erased when only hashes of their ids are known", () =>
    Effect.gen(function* () {
      const [person, phone] = ["judy@example.com", "phone-of-judy"]
      yield* accept(11, [
        { m: "1", u: person, a: phone },
        { m: "2", u: "", a: phone },
        { m: "3", u: person, q: "timestamp_in_future" },
        { m: "4", u: "ben", a: phone }
      ])
      yield* drain
      const removal = yield* erase(11, [], {
        idHashes: [hashOf(11, person), hashOf(11, phone)],
        requestedAt: Date.now() + 1
      })
      expect(yield* pass).toEqual([removal.id])
      expect(yield* scan(11, [person, phone])).toEqual({})
      expect(yield* storedOf(11)).toEqual(["4"])
      expect(yield* account(11)).toMatchObject({ stored: 1, erased: 3, balanced: true })
    })
  )

  it.effect(
    "is refused in a project that was deleted, and under another's number",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`INSERT INTO ingest.purges (project_id, done_at) VALUES (8, now())`
        expect(yield* Effect.flip(erase(8, [anna]))).toMatchObject({
          _tag: "RemovalRefused",
          reason: "project_deleted"
        })
        const removal = yield* erase(9, [anna])
        const again = yield* erase(9, ["other"], { id: removal.id })
        expect(again.idHashes).toEqual(removal.idHashes)
        expect(yield* Effect.flip(erase(10, [anna], { id: removal.id }))).toMatchObject(
          { reason: "other_removal" }
        )
      })
  )
})
