import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { Analytics } from "../../src/analytics/Analytics.ts"
import { looksOf } from "../../src/templates/Looks.ts"
import { analyticsOf, ReportWorld } from "../runs/ReportWorld.ts"

const world = new ReportWorld()

describe("a look at the data", () => {
  const it = withLayer(Layer.merge(analyticsOf(world), Logger.layer([])))

  it.effect("that takes too long finds nothing, and the template is made", () =>
    Effect.gen(function* () {
      world.gate = Effect.never
      const analytics = yield* Analytics
      const found = yield* analytics.catalogue(7)
      const looking = yield* Effect.forkChild(
        looksOf(analytics, 7, found).eventsWith("total")
      )
      yield* TestClock.adjust("11 seconds")
      expect(looking.pollUnsafe()).toBeDefined()
      expect(yield* Fiber.join(looking)).toEqual([])
    }).pipe(Effect.provide(TestClock.layer()))
  )
})
