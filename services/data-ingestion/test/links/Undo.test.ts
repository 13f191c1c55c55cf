import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { Links } from "../../src/links/Links.ts"
import { LinksLive, undoMaintenance } from "../../src/links/LinksLive.ts"
import { UndoRepo } from "../../src/links/UndoRepo.ts"
import { Undos } from "../../src/links/Undos.ts"
import { LinkRepo } from "../../src/loader/LinkRepo.ts"
import { LinkSet } from "../../src/loader/LinkSet.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { People } from "../../src/loader/People.ts"
import { drain, failure, inserting } from "../loader/faults.ts"
import { AT, freshLoader, receive } from "../loader/loaderTest.ts"
import { areOne, identify, layer, publish, undo } from "./undoTest.ts"

const setOf = (link: Parameters<LinkSet["add"]>[0]) => {
  const set = new LinkSet()
  set.add(link)
  return set
}

describe("undoing a link", () => {
  const it = withLayer(layer)

  it.effect("restores both people from now on, and leaves earlier answers alone", () =>
    Effect.gen(function* () {
      yield* receive([
        identify(31, "m1", "a", "u1"),
        identify(31, "m2", "a", "u2", AT + 5),
        identify(31, "m3", "b", "u1")
      ])
      yield* drain
      const before = yield* publish
      expect(yield* areOne(31, "a", "u1", before)).toBe(true)
      const undone = yield* undo(31, "a", "u1", "m1")
      expect(undone.restored).toBe(true)
      expect(undone.undoneAt).toBeGreaterThan(before.getTime())
      const after = yield* publish
      expect(after.getTime()).toBeGreaterThanOrEqual(undone.undoneAt)
      // The next claim of the anonymous id counts now.
      expect(yield* areOne(31, "a", "u1", after)).toBe(false)
      expect(yield* areOne(31, "a", "u2", after)).toBe(true)
      expect(yield* areOne(31, "b", "u1", after)).toBe(true)
      expect(yield* areOne(31, "a", "u1", before)).toBe(true)
      // Twice is once; another message's link is another link.
      expect(yield* undo(31, "a", "u1", "m1")).toEqual(undone)
      const error = yield* Effect.flip(undo(31, "a", "u1", "m2"))
      expect(error).toMatchObject({ _tag: "LinkNotFound", status: 404 })
      const { links, truncated } = yield* (yield* Links).ofId(31, "a")
      expect(truncated).toBe(false)
      expect(links.map(({ messageId, undoneAt }) => [messageId, undoneAt])).toEqual([
        ["m1", undone.undoneAt],
        ["m2", undefined]
      ])
    })
  )

  it.effect("holds against the same message, and not against a new one", () =>
    Effect.gen(function* () {
      // One loader all along, which remembers the pairs it has seen.
      yield* Effect.gen(function* () {
        const loader = yield* Loader
        const load = Effect.fnUntraced(function* (m: string, t = AT) {
          yield* receive([identify(32, m, "a", "u1", t)])
          yield* loader.drain
          return yield* publish
        })
        yield* load("m1")
        yield* undo(32, "a", "u1", "m1")
        expect(yield* areOne(32, "a", "u1", yield* load("m1"))).toBe(false)
        expect(yield* areOne(32, "a", "u1", yield* load("m2", AT + 1))).toBe(true)
      }).pipe(Effect.provide(freshLoader))
    })
  )

  it.effect("is finished by a loader after a crash, and no answer comes between", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* receive([identify(33, "m1", "a", "u1")])
      yield* drain
      const before = yield* publish
      const away = Layer.fresh(LinksLive).pipe(
        Layer.provide(inserting(() => failure("transient")))
      )
      const undone = yield* undo(33, "a", "u1", "m1").pipe(Effect.provide(away))
      expect(undone.restored).toBe(false)
      expect((yield* publish).getTime()).toBeLessThan(undone.undoneAt)
      // What is sealed and resolved meanwhile must not bring the link back.
      yield* receive([identify(33, "m9", "c", "u1", AT + 9)])
      yield* drain
      expect((yield* publish).getTime()).toBeLessThan(undone.undoneAt)
      yield* (yield* Undos).finish(true)
      expect(yield* sql`SELECT 1 FROM ingest.link_undos WHERE done_at IS NULL`).toEqual(
        []
      )
      const after = yield* publish
      expect(after.getTime()).toBeGreaterThanOrEqual(undone.undoneAt)
      expect(yield* areOne(33, "a", "u1", before)).toBe(true)
      expect(yield* areOne(33, "a", "u1", after)).toBe(false)
      expect(yield* areOne(33, "c", "u1", after)).toBe(true)
    })
  )

  it.effect("is looked for by every loader, all along", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* receive([identify(35, "m1", "a", "u1")])
      yield* drain
      const link = { kind: "claim" as const, from: "a", to: "u1", timestamp: AT }
      const begin = (yield* UndoRepo).begin(35, { ...link, messageId: "m1" })
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(undoMaintenance)
          yield* begin
          yield* sql`SELECT 1 FROM ingest.link_undos WHERE done_at IS NULL`.pipe(
            Effect.repeat({
              until: (open) => open.length === 0,
              schedule: Schedule.spaced("20 millis")
            }),
            Effect.timeout("20 seconds")
          )
        })
      )
      expect(yield* areOne(35, "a", "u1", yield* publish)).toBe(false)
    })
  )

  it.effect("is looked for even after what nobody foresaw", () =>
    Effect.gen(function* () {
      const again = yield* Deferred.make<void>()
      let looks = 0
      const finish = () =>
        Effect.suspend(() =>
          ++looks === 1
            ? Effect.die(new Error("unforeseen"))
            : Effect.as(Deferred.succeed(again, undefined), true)
        )
      yield* Effect.scoped(
        Effect.andThen(
          Layer.build(
            Undos.maintenance.pipe(Layer.provide(Layer.succeed(Undos, { finish })))
          ),
          Deferred.await(again).pipe(Effect.timeout("20 seconds"))
        )
      )
      expect(looks).toBeGreaterThan(1)
    })
  )

  it.effect("counts from its own instant, whichever batch was sealed before it", () =>
    Effect.gen(function* () {
      const people = yield* People
      const link = (from: string, to: string, messageId: string, knownAt: number) => ({
        kind: "claim" as const,
        from,
        to,
        timestamp: AT,
        messageId,
        knownAt
      })
      const one = (item: ReturnType<typeof link>) => new Map([[34, setOf(item)]])
      const before = yield* publish
      yield* people.record(1n, one(link("a", "u1", "m1", before.getTime() + 1)), false)
      const { undoneAt } = yield* undo(34, "a", "u1", "m1")
      // Sealed before the undo, resolved after it.
      yield* people.record(2n, one(link("c", "u1", "m2", undoneAt - 1)), false)
      const after = new Date(undoneAt)
      expect(yield* areOne(34, "c", "u1", after)).toBe(true)
      expect(yield* areOne(34, "a", "u1", after)).toBe(false)
    }).pipe(
      Effect.provide(Layer.fresh(People.layer.pipe(Layer.provide(LinkRepo.layer))))
    )
  )
})
