import { describe, expect } from "bun:test"
import * as Prometheus from "@analytics/api-common/Prometheus"
import type { InsertRequest } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { UndoRepo } from "../../src/links/UndoRepo.ts"
import { Undos } from "../../src/links/Undos.ts"
import { parkReasons } from "../../src/links/undoFault.ts"
import { LinkRepo } from "../../src/loader/LinkRepo.ts"
import { People } from "../../src/loader/People.ts"
import { drain, failure, inserting } from "../loader/faults.ts"
import { AT, receive } from "../loader/loaderTest.ts"
import { areOne, identify, layer, publish, undo } from "./undoTest.ts"

/** Only what is committed at once; nobody finishes it. */
const begin = (p: number, m: string) =>
  Effect.gen(function* () {
    const link = { kind: "claim" as const, from: "a", to: "u1", timestamp: AT }
    const begun = yield* (yield* UndoRepo).begin(p, { ...link, messageId: m })
    return Option.getOrThrow(begun)
  })

const openOf = (...projects: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const open = yield* (yield* UndoRepo).open()
    return open.map(({ projectId }) => projectId).filter((p) => projects.includes(p))
  })

/** The project of the first row, which is what a row of `person_links` begins with. */
const projectOf = ({ body }: Pick<InsertRequest, "body">) =>
  typeof body === "string" ? 0 : Buffer.from(body).readUInt32LE()

const refusing = (p: number, kind: ClickHouseError["kind"]) =>
  inserting((request, real) =>
    projectOf(request) === p ? failure(kind) : real.insert(request)
  )

/** The undos of a loader over such a store. */
const undosWith = (clickHouse: ReturnType<typeof inserting>) =>
  Layer.fresh(Undos.layer).pipe(
    Layer.provide(Layer.fresh(People.layer)),
    Layer.provide(LinkRepo.layer),
    Layer.provide(clickHouse)
  )

describe("an undo that fails", () => {
  const it = withLayer(layer)

  it.effect("is counted from 0 for each reason, so that the first one is seen", () =>
    Effect.gen(function* () {
      const shown = yield* Prometheus.text
      for (const reason of parkReasons)
        expect(shown).toContain(`loader_parked_undos_total{reason="${reason}"}`)
    })
  )

  it.effect("is parked when its data is at fault, and can be tried again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* receive([identify(36, "m1", "a", "u1"), identify(37, "m2", "a", "u1")])
      yield* drain
      const before = yield* publish
      const first = yield* begin(36, "m1")
      const second = yield* begin(37, "m2")
      yield* Effect.gen(function* () {
        const undos = yield* Undos
        // One that fails does not keep the others, and is tried more than once.
        expect(yield* Effect.flip(undos.finish(true))).toMatchObject({ kind: "data" })
        expect(yield* openOf(36, 37)).toEqual([36])
        expect((yield* publish).getTime()).toBeLessThan(first)
        yield* Effect.flip(undos.finish(true))
        expect(yield* undos.finish(true)).toBe(false)
      }).pipe(Effect.provide(undosWith(refusing(36, "data"))))
      const parked = yield* sql`
        SELECT project_id::int, parked FROM ingest.link_undos
         WHERE project_id IN (36, 37) ORDER BY id`
      expect(parked).toEqual([
        { projectId: 36, parked: "refused_by_event_store" },
        { projectId: 37, parked: null }
      ])
      const after = yield* publish
      expect(after.getTime()).toBeGreaterThanOrEqual(Math.max(first, second))
      expect(yield* areOne(36, "a", "u1", after)).toBe(true)
      expect(yield* areOne(37, "a", "u1", after)).toBe(false)
      // Above what was told, so that earlier answers stay.
      const again = yield* undo(36, "a", "u1", "m1")
      expect(again).toMatchObject({ restored: true })
      expect(again.undoneAt).toBeGreaterThan(after.getTime())
      expect(yield* areOne(36, "a", "u1", yield* publish)).toBe(false)
      for (const told of [before, after])
        expect(yield* areOne(36, "a", "u1", told)).toBe(true)
    })
  )

  it.effect("is parked after defects too, and never while a store is away", () =>
    Effect.gen(function* () {
      yield* receive([identify(38, "m1", "a", "u1"), identify(39, "m2", "a", "u1")])
      yield* drain
      yield* begin(38, "m1")
      const held = yield* begin(39, "m2")
      const finishOften = Effect.gen(function* () {
        const undos = yield* Undos
        for (let times = 0; times < 10; times++) yield* Effect.exit(undos.finish(true))
      })
      const away = refusing(39, "transient")
      const both = inserting((request, real) => {
        const body = projectOf(request)
        if (body === 38) return Effect.die(new Error("unforeseen"))
        return body === 39 ? failure("transient") : real.insert(request)
      })
      yield* finishOften.pipe(Effect.provide(undosWith(both)))
      expect(yield* openOf(38, 39)).toEqual([39])
      expect((yield* publish).getTime()).toBeLessThan(held)
      yield* finishOften.pipe(Effect.provide(undosWith(away)))
      expect(yield* openOf(38, 39)).toEqual([39])
      yield* (yield* Undos).finish(true)
      expect(yield* areOne(39, "a", "u1", yield* publish)).toBe(false)
    })
  )
})
