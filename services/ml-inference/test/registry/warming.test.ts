import { expect, it } from "bun:test"
import { MlConfig } from "@analytics/config/MlConfig"
import { DateTime, Deferred, Effect, Fiber, Layer } from "effect"
import { DesiredModels } from "../../src/registry/DesiredModels.ts"
import { Models } from "../../src/registry/Models.ts"
import { Placement } from "../../src/registry/Placement.ts"
import { PlacementRepo } from "../../src/registry/PlacementRepo.ts"
import { Serving } from "../../src/serving/Serving.ts"
import { mlConfig } from "./RegistryTest.ts"

it("a version that two changes wait for stays warm when one of them is given up", async () => {
  const done: Array<string> = []
  const ready = Effect.runSync(Deferred.make<void>())
  const asked = Effect.runSync(Deferred.make<void>())
  const now = Effect.runSync(DateTime.now)
  let waiting = 0
  const stubs = Layer.mergeAll(
    MlConfig.layerOf(mlConfig("/nowhere")),
    Layer.mock(DesiredModels, { refresh: Effect.void }),
    Layer.mock(Models, {
      get: (_, name) =>
        Effect.succeed({
          name,
          description: "",
          aliases: {},
          challengerPercent: 0,
          latestVersion: 1,
          createdBy: "me",
          createdAt: now,
          updatedAt: now
        })
    }),
    Layer.mock(PlacementRepo, {
      warm: () => Effect.sync(() => done.push("warm")).pipe(Effect.as("placed")),
      cool: () => Effect.sync(() => void done.push("cool")),
      setAlias: (_, __, alias) =>
        Effect.sync(() => done.push(alias)).pipe(Effect.as({ _tag: "Changed" }))
    }),
    Layer.mock(Serving, {
      awaitReady: () =>
        Effect.suspend(() =>
          ++waiting === 2 ? Deferred.succeed(asked, undefined) : Effect.void
        ).pipe(Effect.andThen(Deferred.await(ready)))
    })
  )
  const program = Effect.gen(function* () {
    const placement = yield* Placement
    const actor = { projectId: 1, actor: "me" }
    const set = (alias: "champion" | "shadow") =>
      Effect.forkChild(
        placement.setAlias(actor, { model: "m", version: 1 }, alias, undefined)
      )
    const given = yield* set("champion")
    const kept = yield* set("shadow")
    yield* Deferred.await(asked)
    yield* Fiber.interrupt(given)
    expect(done).toEqual(["warm", "warm"])
    yield* Deferred.succeed(ready, undefined)
    yield* Fiber.join(kept)
    expect(done).toEqual(["warm", "warm", "shadow", "cool"])
  })
  await Effect.runPromise(
    program.pipe(
      Effect.timeout("20 seconds"),
      Effect.provide(Placement.layer.pipe(Layer.provide(stubs)))
    )
  )
}, 30_000)
