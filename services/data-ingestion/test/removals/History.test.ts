import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { HistoryRepo } from "../../src/removals/HistoryRepo.ts"
import { Removals } from "../../src/removals/Removals.ts"
import { drain } from "../loader/faults.ts"
import { AT } from "../loader/loaderTest.ts"
import { accept, erase, layer, pass } from "./removalTest.ts"

const changedAt = (projectId: number) =>
  HistoryRepo.use((history) => history.changedAt(projectId))

describe("what was answered once", () => {
  const it = withLayer(HistoryRepo.layer.pipe(Layer.provideMerge(layer)))

  it.effect("has changed since the last removal of the project began", () =>
    Effect.gen(function* () {
      yield* accept(1, [{ m: "1", u: "ann" }])
      yield* accept(2, [{ m: "2", u: "ben" }])
      yield* drain
      expect(yield* changedAt(1)).toBeNull()
      const before = Date.now()
      yield* erase(1, ["ann"])
      const changed = yield* changedAt(1)
      expect(changed?.getTime()).toBeGreaterThanOrEqual(before)
      expect(yield* changedAt(2)).toBeNull()
      yield* pass
      expect(yield* changedAt(1)).toEqual(changed)
    })
  )

  it.effect("has not changed where nothing was found to remove", () =>
    Effect.gen(function* () {
      yield* accept(3, [{ m: "1", u: "ann", t: AT }])
      yield* drain
      yield* Removals.use((removals) =>
        removals.register({
          ...{ id: crypto.randomUUID(), projectId: 3, kind: "expiry", ids: [] },
          ...{ from: 0, to: AT - 1000 }
        })
      )
      expect(yield* changedAt(3)).not.toBeNull()
      yield* pass
      expect(yield* changedAt(3)).toBeNull()
    })
  )
})
