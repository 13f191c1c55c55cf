import { describe, expect } from "bun:test"
import type { Link } from "@analytics/data-processing/Identity"
import { IdHash } from "@analytics/data-processing/IdHash"
import { personsOf } from "@analytics/data-processing/Persons"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { LinkRepo } from "../../src/loader/LinkRepo.ts"
import { LinkSet } from "../../src/loader/LinkSet.ts"
import { People } from "../../src/loader/People.ts"
import { drain } from "./faults.ts"
import { AT, receive, stores, track } from "./loaderTest.ts"

const idHash = new IdHash(testInstallation.idHashKey)

/** Who an id of a project is now, as queries read it. */
const personOf = (projectId: number, id: string, at = "2100-01-01T00:00:00Z") =>
  Effect.gen(function* () {
    const clickHouse = yield* ClickHouse
    const own = idHash.id(projectId, id)
    const rows = yield* clickHouse.query<{ person: string }>(
      `SELECT toString(argMax(person, (known_at, version))) AS person FROM person_links
        WHERE project_id = {project:UInt32} AND id_hash = {id:UInt64}
          AND known_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC')
        GROUP BY id_hash`,
      { params: { project: projectId, id: String(own), at } }
    )
    return BigInt(rows[0]?.person ?? own)
  })

const setOf = (...links: ReadonlyArray<Link>) => {
  const set = new LinkSet()
  for (const link of links) set.add(link)
  return set
}

const claim = (from: string, to: string, knownAt: number): Link => ({
  kind: "claim",
  from,
  to,
  timestamp: AT,
  messageId: `${from}>${to}`,
  knownAt
})

const people = Layer.fresh(People.layer.pipe(Layer.provide(LinkRepo.layer)))

describe("People", () => {
  const it = withLayer(stores)

  it.effect("ties ids whose links came in any order, and placeholders never", () =>
    Effect.gen(function* () {
      const events = [
        track("l1", { y: "identify", e: "$identify", a: "a1", u: "u1", t: AT + 5 }),
        track("l2", { a: "a1", u: "u2", t: AT + 9 }),
        track("l3", { y: "alias", e: "$alias", u: "u3", v: "u1" }),
        track("l4", { a: "a4", u: "u3" }),
        track("l5", { a: "a5", u: "null" }),
        track("l6", { a: "a6", u: "null" }),
        track("l7", { y: "alias", e: "$alias", u: "u1", v: "u1" })
      ]
      for (const [p, ordered] of [
        [11, events],
        [12, events.toReversed()]
      ] as const)
        for (const event of ordered) {
          yield* receive([{ ...event, p }])
          yield* drain
        }
      for (const p of [11, 12]) {
        const one = yield* personOf(p, "u1")
        for (const id of ["a1", "u3", "a4"]) expect(yield* personOf(p, id)).toBe(one)
        expect(yield* personOf(p, "u2")).not.toBe(one)
        expect(yield* personOf(p, "a5")).not.toBe(yield* personOf(p, "a6"))
      }
    })
  )

  it.effect("sees the whole chain when two loaders each add one half", () =>
    Effect.gen(function* () {
      const half = (batchId: bigint, link: Link) =>
        Effect.flatMap(People, (self) =>
          self.record(batchId, new Map([[21, setOf(link)]]), false)
        ).pipe(Effect.provide(people))
      yield* Effect.all(
        [half(1n, claim("a", "u1", AT)), half(2n, claim("u1", "u2", AT + 1))],
        {
          concurrency: 2
        }
      )
      const one = yield* personOf(21, "u2")
      expect(yield* personOf(21, "a")).toBe(one)
      expect(yield* personOf(21, "u1")).toBe(one)
    })
  )

  it.effect("resolves the links of a project one call at a time", () =>
    Effect.gen(function* () {
      const ledger = yield* LinkRepo
      const inside = yield* Deferred.make<void>()
      const leave = yield* Deferred.make<void>()
      const first = yield* ledger
        .locked(22, (version) =>
          Deferred.succeed(inside, undefined).pipe(
            Effect.andThen(Deferred.await(leave)),
            Effect.as(version)
          )
        )
        .pipe(Effect.forkChild)
      yield* Deferred.await(inside)
      yield* ledger.locked(23, () => Effect.void)
      const second = yield* ledger
        .locked(22, (version) => Effect.succeed(version))
        .pipe(Effect.forkChild)
      const early = yield* Fiber.join(second).pipe(Effect.timeoutOption("300 millis"))
      expect(early._tag).toBe("None")
      yield* Deferred.succeed(leave, undefined)
      expect(yield* Fiber.join(first)).toBeLessThan(yield* Fiber.join(second))
    }).pipe(Effect.provide(LinkRepo.layer))
  )

  it.effect("keeps the first sight of a pair and earlier ones only", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (const [m, t] of [
        ["s1", 5],
        ["s2", 6],
        ["s3", 4],
        ["s4", 4]
      ] as const) {
        yield* receive([track(m, { p: 31, a: "x", t: AT + t })])
        yield* drain
      }
      const rows = yield* sql<{ messageId: string }>`
        SELECT message_id FROM ingest.links WHERE project_id = 31 ORDER BY timestamp`
      expect(rows.map(({ messageId }) => messageId)).toEqual(["s3", "s1"])
      // What was undone tells nothing about what comes after.
      yield* sql`UPDATE ingest.links SET undone_at = now() WHERE project_id = 31`
      yield* receive([track("s5", { p: 31, a: "x", t: AT + 9 })])
      yield* drain
      expect(
        yield* sql`
          SELECT message_id FROM ingest.links
           WHERE project_id = 31 AND undone_at IS NULL`
      ).toEqual([{ messageId: "s5" }])
    })
  )

  it.effect("answers for every instant when test events come out of order", () =>
    Effect.gen(function* () {
      const day = (n: number) => AT + n * 86_400_000
      const p = 41
      yield* receive([track("k1", { p, a: "x", u: "late", t: day(3), k: day(3) })])
      yield* drain
      yield* receive([track("k2", { p, a: "x", u: "early", t: day(1), k: day(1) })])
      yield* drain
      const links: ReadonlyArray<Link> = [
        { ...claim("x", "late", day(3)), timestamp: day(3) },
        { ...claim("x", "early", day(1)), timestamp: day(1) }
      ]
      for (const n of [0, 2, 4]) {
        const at = new Date(day(n)).toISOString()
        const expected = personsOf(
          links.filter(({ knownAt }) => knownAt <= day(n)),
          (id) => idHash.id(p, id)
        )
        for (const id of ["x", "late", "early"])
          expect(yield* personOf(p, id, at)).toBe(expected.get(id) ?? idHash.id(p, id))
      }
    })
  )

  it.effect("adds to somebody with very many links without reading all of them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const p = 51
      const crowd = 50_000
      yield* receive([
        track("c0", { p, a: "device", u: "all" }),
        track("c1", { p, y: "alias", e: "$alias", u: "all", v: "other" })
      ])
      yield* drain
      yield* sql`
        INSERT INTO ingest.links
          (project_id, kind, from_id, to_id, timestamp, message_id, known_at, batch_id)
        SELECT ${p}, 'claim', 'visitor ' || n, 'all', to_timestamp(0), n::text,
               to_timestamp(${AT} / 1000.0), 1
          FROM generate_series(1, ${crowd}) AS n`
      let read = 0
      const counting = Layer.effect(
        LinkRepo,
        Effect.map(LinkRepo, (real) =>
          LinkRepo.of({
            ...real,
            components: (...all) =>
              Effect.tap(real.components(...all), (links) =>
                Effect.sync(() => {
                  read += links?.length ?? 0
                })
              )
          })
        )
      ).pipe(Layer.provide(LinkRepo.layer))
      const all = (record: People["Service"]["record"]) =>
        record(
          77n,
          new Map([
            [p, setOf(claim("new", "all", AT + 9), claim("n2", "other", AT + 9))]
          ]),
          false
        )
      yield* Effect.flatMap(People, ({ record }) => all(record)).pipe(
        Effect.provide(Layer.fresh(People.layer.pipe(Layer.provide(counting))))
      )
      expect(read).toBe(0)
      const one = yield* personOf(p, "all")
      for (const id of ["new", "n2", "device", "other"])
        expect(yield* personOf(p, id)).toBe(one)
      // A loader that starts again does not read them either.
      yield* Effect.flatMap(People, ({ record }) =>
        record(77n, new Map([[p, setOf(claim("new", "all", AT + 9))]]), true)
      ).pipe(Effect.provide(Layer.fresh(People.layer.pipe(Layer.provide(counting)))))
      expect(read).toBe(0)
      expect(yield* personOf(p, "new")).toBe(one)
    })
  )

  it.effect("tells the same of somebody, however few links may be read", () =>
    Effect.gen(function* () {
      const narrow = Layer.fresh(
        People.layerOf({ walk: 0, walkPerLink: 0, most: 1_000_000 }).pipe(
          Layer.provide(LinkRepo.layer)
        )
      )
      const p = 61
      const batches = [
        [claim("a1", "u1", AT), claim("a2", "u2", AT)],
        [claim("a3", "u1", AT + 1), { ...claim("u2", "u1", AT + 1), kind: "alias" }],
        [
          claim("a4", "u2", AT + 2),
          claim("a4", "u3", AT + 2),
          claim("a5", "u3", AT + 2)
        ],
        [claim("u1", "root", AT + 3), claim("a6", "u1", AT + 3)],
        [claim("root", "u1", AT + 4), claim("a7", "root", AT + 4)],
        // Known earlier than what is there already.
        [claim("a8", "u1", AT), claim("a9", "new", AT + 1)]
      ] as const satisfies ReadonlyArray<ReadonlyArray<Link>>
      yield* Effect.gen(function* () {
        const { record } = yield* People
        for (const [i, links] of batches.entries())
          yield* record(BigInt(i), new Map([[p, setOf(...links)]]), false)
      }).pipe(Effect.provide(narrow))
      const links: ReadonlyArray<Link> = batches.flat()
      for (let n = -1; n <= 5; n++) {
        const expected = personsOf(
          links.filter(({ knownAt }) => knownAt <= AT + n),
          (id) => idHash.id(p, id)
        )
        for (const id of new Set(links.flatMap(({ from, to }) => [from, to])))
          expect(yield* personOf(p, id, new Date(AT + n).toISOString())).toBe(
            expected.get(id) ?? idHash.id(p, id)
          )
      }
    })
  )

  it.effect("leaves people as they were whose links are too many to read", () =>
    Effect.gen(function* () {
      const p = 71
      const small = Layer.fresh(
        People.layerOf({ walk: 0, walkPerLink: 0, most: 3 }).pipe(
          Layer.provide(LinkRepo.layer)
        )
      )
      yield* Effect.gen(function* () {
        const { record } = yield* People
        const at = (batch: bigint, ...links: ReadonlyArray<Link>) =>
          record(batch, new Map([[p, setOf(...links)]]), false)
        yield* at(1n, claim("b1", "u", AT), claim("b2", "u", AT), claim("b3", "u", AT))
        yield* at(2n, { ...claim("v", "u", AT + 1), kind: "alias" })
        yield* at(3n, claim("b4", "u", AT + 2))
      }).pipe(Effect.provide(small))
      const u = yield* personOf(p, "u")
      for (const id of ["b1", "b2", "b3", "b4"]) expect(yield* personOf(p, id)).toBe(u)
      expect(yield* personOf(p, "v")).toBe(idHash.id(p, "v"))
    })
  )
})
