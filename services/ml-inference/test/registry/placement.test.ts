import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Option } from "effect"
import fc from "fast-check"
import { ModelRepo } from "../../src/registry/ModelRepo.ts"
import { PlacementRepo } from "../../src/registry/PlacementRepo.ts"
import { VersionRepo } from "../../src/registry/VersionRepo.ts"
import { admitted } from "./admitted.ts"

const { effect } = withLayer(
  Layer.mergeAll(ModelRepo.layer, PlacementRepo.layer, VersionRepo.layer).pipe(
    Layer.provideMerge(TestPostgres.client)
  )
)
const actor = { projectId: 1, actor: "me" }

const modelWith = Effect.fnUntraced(function* (model: string, versions: number) {
  const { insert } = yield* VersionRepo
  yield* (yield* ModelRepo).insert(actor, { name: model })
  for (let n = 0; n < versions; n++) yield* insert(actor, model, admitted())
})

/** From what it changed the champion to what, in the order of the audit. */
const moves = Effect.fnUntraced(function* (model: string) {
  const entries = yield* (yield* ModelRepo).audit(1, model, undefined, 1000)
  return entries
    .filter(({ action }) => action.startsWith("alias."))
    .map(
      ({ details }) =>
        details as { readonly from: number | null; readonly to: number | null }
    )
    .reverse()
})

describe("an alias", () => {
  effect("loses no change, however many compare and set it at once", () =>
    Effect.gen(function* () {
      const repo = yield* PlacementRepo
      let made = 0
      const attempt = fc.record({
        expected: fc.option(fc.integer({ min: 1, max: 4 })),
        version: fc.integer({ min: 1, max: 4 })
      })
      const lawful = fc.asyncProperty(
        fc.array(attempt, { minLength: 2, maxLength: 12 }),
        async (attempts) => {
          const model = `m${made++}`
          const program = Effect.gen(function* () {
            yield* modelWith(model, 4)
            const results = yield* Effect.forEach(
              attempts,
              ({ expected, version }) =>
                repo.setAlias(
                  actor,
                  { model, version },
                  "champion",
                  expected,
                  "alias.set"
                ),
              { concurrency: "unbounded" }
            )
            const done = yield* moves(model)
            const changed = attempts.filter(
              ({ expected, version }, n) =>
                results[n]?._tag === "Changed" && expected !== version
            )
            // Each that was told so took effect, and began where the one before it ended.
            expect(done.map(({ from, to }) => `${from}>${to}`).sort()).toEqual(
              changed.map(({ expected, version }) => `${expected}>${version}`).sort()
            )
            expect(done.map(({ from }) => from)).toEqual([
              ...(done.length > 0 ? [null] : []),
              ...done.slice(0, -1).map(({ to }) => to)
            ])
            const now = yield* (yield* ModelRepo).byName(1, model)
            expect(Option.getOrThrow(now).aliases.champion ?? null).toBe(
              done.at(-1)?.to ?? null
            )
          })
          await run(program)
        }
      )
      const services = yield* Effect.context<ModelRepo | VersionRepo>()
      const run = (program: Effect.Effect<void, unknown, ModelRepo | VersionRepo>) =>
        Effect.runPromise(Effect.provide(program, services))
      yield* Effect.promise(() => fc.assert(lawful, { numRuns: 20 }))
    })
  )
})

describe("a champion", () => {
  effect("has each one before it, also what it was twice", () =>
    Effect.gen(function* () {
      const repo = yield* PlacementRepo
      yield* modelWith("champion", 3)
      const set = (version: number, action: "alias.set" | "alias.rolled_back") =>
        repo.setAlias(
          actor,
          { model: "champion", version },
          "champion",
          undefined,
          action
        )
      for (const version of [1, 2, 3, 2]) yield* set(version, "alias.set")
      const past: Array<number> = []
      for (;;) {
        const before = yield* repo.before(1, "champion")
        if (Option.isNone(before) || past.length > 4) break
        past.push(before.value)
        yield* set(before.value, "alias.rolled_back")
      }
      expect(past).toEqual([3, 2, 1])
    })
  )
})

describe("places", () => {
  effect("are given until there are none, to what is loaded, warm or named", () =>
    Effect.gen(function* () {
      const repo = yield* PlacementRepo
      yield* modelWith("placed", 4)
      const of = (version: number) => ({ model: "placed", version })
      const others = yield* Effect.map(repo.warm(1, of(9), 1), (it) => it)
      expect(others).toBe("unknown")
      yield* repo.setAlias(actor, of(1), "shadow", undefined, "alias.set")
      const most = yield* countOf
      expect(yield* repo.warm(1, of(2), most)).toBe("full")
      expect(yield* repo.warm(1, of(1), most)).toBe("placed")
      expect(yield* repo.warm(1, of(2), most + 1)).toBe("placed")
      expect(yield* repo.setLoaded(actor, of(3), true, most + 1)).toBe("full")
      yield* repo.cool(1, of(2))
      expect(yield* repo.setLoaded(actor, of(3), true, most + 1)).toBe("placed")
      expect(yield* repo.loaded(1, "placed")).toEqual([3])
      expect(yield* repo.setLoaded(actor, of(3), false, 0)).toBe("placed")
      expect(yield* repo.loaded(1, "placed")).toEqual([])
    })
  )
})

/** Versions that are to be ready, of all models of this file. */
const countOf = Effect.gen(function* () {
  const models = yield* (yield* ModelRepo).page(1, undefined, 1000)
  return models.reduce((sum, { aliases }) => sum + Object.keys(aliases).length, 0)
})
