import { describe, expect } from "bun:test"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import fc from "fast-check"
import { CatalogueRefresh } from "../../src/catalogue/CatalogueRefresh.ts"
import { CatalogueRepo } from "../../src/catalogue/CatalogueRepo.ts"
import { MAX_NAMES } from "../../src/catalogue/counts.ts"
import {
  catalogueTest,
  type Dials,
  namesOf,
  noon,
  refresh,
  store
} from "./catalogueTest.ts"

const dials: Dials = { watermark: noon, afterCount: Effect.void }

/** Ends every session that holds a transaction open, as a crash of the service would. */
const cutTransactions = Effect.gen(function* () {
  const { url } = yield* PostgresConfig
  // Of its own, because the step's fiber speaks through its transaction.
  const connection = yield* DirectConnection.make({ url })
  const cut = yield* connection.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'idle in transaction'`
  )
  expect(cut).toHaveLength(1)
}).pipe(Effect.scoped)

const withFault = <A, E, R>(
  fault: Effect.Effect<void>,
  effect: Effect.Effect<A, E, R>
) =>
  Effect.suspend(() => {
    dials.afterCount = fault
    return effect
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        dials.afterCount = Effect.void
      })
    )
  )

describe("the catalogue", () => {
  const { effect } = withLayer(catalogueTest(dials))

  effect("counts a batch once, however often it looks", () =>
    Effect.gen(function* () {
      const sealed = noon + 1
      yield* store([
        { project: 1, event: "a", sealed },
        { project: 1, event: "a", sealed },
        { project: 1, event: "b", sealed: noon + 3 },
        { project: 2, event: "b", sealed }
      ])
      yield* refresh
      expect(yield* namesOf(1)).toEqual({})
      dials.watermark = noon + 2
      yield* refresh
      yield* refresh
      expect(yield* namesOf(1)).toEqual({ a: 2 })
      dials.watermark = noon + 10
      yield* refresh
      expect(yield* namesOf(1)).toEqual({ a: 2, b: 1 })
      expect(yield* namesOf(2)).toEqual({ b: 1 })
      dials.watermark = noon + 10 * 3_600_000
      yield* refresh
      expect(yield* namesOf(1)).toEqual({ a: 2, b: 1 })
      const { asOf } = yield* (yield* CatalogueRepo).events(1, { search: "", limit: 1 })
      expect(asOf?.getTime()).toBe(dials.watermark)
    })
  )

  effect("counts once what it had counted when it was killed", () =>
    Effect.gen(function* () {
      const { step } = yield* CatalogueRefresh
      const services = yield* Effect.context<PostgresConfig>()
      const sealed = dials.watermark + 1
      dials.watermark += 2
      yield* store([
        { project: 3, event: "a", sealed, props: { p: 1 } },
        { project: 3, event: "a", sealed }
      ])
      const cut = cutTransactions.pipe(Effect.provide(services), Effect.orDie)
      expect(Exit.isFailure(yield* Effect.exit(withFault(cut, step)))).toBe(true)
      const killed = withFault(Effect.interrupt, step)
      expect(Exit.isFailure(yield* Effect.exit(killed))).toBe(true)
      expect(yield* namesOf(3)).toEqual({})
      // The last write of a step fails: nothing of it may stay.
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        ALTER TABLE control.catalogue_progress
          ADD CONSTRAINT refuses CHECK (as_of IS NULL) NOT VALID`
      expect(Exit.isFailure(yield* Effect.exit(step))).toBe(true)
      yield* sql`ALTER TABLE control.catalogue_progress DROP CONSTRAINT refuses`
      expect(yield* namesOf(3)).toEqual({})
      yield* refresh
      expect(yield* namesOf(3)).toEqual({ a: 2 })
    })
  )

  effect("is counted by one at a time", () =>
    Effect.gen(function* () {
      const { step } = yield* CatalogueRefresh
      const sealed = dials.watermark + 1
      dials.watermark += 2
      yield* store([{ project: 4, event: "a", sealed }])
      yield* Effect.all(
        Array.from({ length: 4 }, () => step),
        { concurrency: "unbounded" }
      )
      yield* refresh
      expect(yield* namesOf(4)).toEqual({ a: 1 })
    })
  )

  effect("agrees with a walk over the events after any course of things", () =>
    Effect.gen(function* () {
      const { step } = yield* CatalogueRefresh
      const happening = fc.oneof(
        { weight: 3, arbitrary: fc.record({ store: fc.integer({ min: 1, max: 6 }) }) },
        {
          weight: 2,
          arbitrary: fc.record({ later: fc.integer({ min: 1, max: 5000 }) })
        },
        { weight: 3, arbitrary: fc.constant("step" as const) },
        { weight: 1, arbitrary: fc.constant("crash" as const) }
      )
      const courses = fc.sample(
        fc.tuple(
          fc.array(happening, { minLength: 10, maxLength: 16 }),
          fc.array(fc.integer({ min: -3_000_000, max: 4000 }), {
            minLength: 100,
            maxLength: 100
          })
        ),
        { numRuns: 2, seed: 11 }
      )
      let project = 10
      for (const [course, offsets] of courses) {
        project++
        const expected: Record<string, number> = {}
        const pending: Array<{ readonly name: string; readonly sealed: number }> = []
        for (const [at, each] of course.entries()) {
          if (each === "step") yield* step
          else if (each === "crash")
            yield* Effect.exit(withFault(Effect.interrupt, step))
          else if ("later" in each) dials.watermark += each.later
          else {
            // A batch may be sealed after others and be stored before them, but what is
            // below the watermark is stored.
            const sealed = dials.watermark + 1 + Math.abs(offsets[at] ?? 0)
            const names = Array.from({ length: each.store }, (_, n) => `e${n % 3}`)
            yield* store(names.map((event) => ({ project, event, sealed })))
            for (const name of names) pending.push({ name, sealed })
          }
        }
        dials.watermark = Math.max(
          dials.watermark,
          ...pending.map(({ sealed }) => sealed)
        )
        yield* refresh
        for (const { name } of pending) expected[name] = (expected[name] ?? 0) + 1
        expect(yield* namesOf(project)).toEqual(expected)
      }
    })
  )

  effect("has room for so many names, and counts those it has", () =>
    Effect.gen(function* () {
      const sealed = dials.watermark + 1
      const name = (n: number) => `name ${n}`
      const names = Array.from({ length: MAX_NAMES - 1 }, (_, n) => name(n))
      yield* store(names.map((event) => ({ project: 5, event, sealed })))
      dials.watermark += 2
      yield* refresh
      const more = ["new", "new", "newer", name(0)]
      yield* store(
        more.map((event) => ({ project: 5, event, sealed: dials.watermark + 1 }))
      )
      dials.watermark += 2
      yield* refresh
      expect(yield* namesOf(5, "new")).toEqual({ new: 2 })
      expect((yield* namesOf(5, "name 0"))["name 0"]).toBe(2)
    })
  )
})
