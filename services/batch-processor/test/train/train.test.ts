import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Deferred, Effect, Fiber, Layer, Schema } from "effect"
import { JobRun } from "../../src/jobs/JobRun.ts"
import { WatermarkClient } from "../../src/types/export/WatermarkClient.ts"
import { ModelsClient } from "../../src/types/models/ModelsClient.ts"
import { verdict } from "../../src/types/train/promotion.ts"
import { Payload } from "../../src/types/train/TrainPayload.ts"
import { train } from "../../src/types/train/train.ts"
import { jobRun, type KeptJob, newJob } from "../TestJobRun.ts"
import { storeBehaviour, WATERMARK } from "./behaviour.ts"
import { FakeModels } from "./FakeModels.ts"

const layer = Layer.mergeAll(
  TestClickHouse.client,
  TestPostgres.client,
  Layer.succeed(WatermarkClient, {
    current: Effect.succeed(WATERMARK),
    changedAt: () => Effect.succeed(null)
  })
)

const byDefault: typeof Payload.Encoded = {
  model: "buys",
  target: { event: "buy", days: 7 },
  trees: { trees: 40 }
}
const weekly: typeof Payload.Encoded = {
  ...byDefault,
  features: [
    { kind: "count", event: "buy", days: 7 },
    { kind: "count", event: "view", days: 7 },
    { kind: "days_since_last", event: "buy" }
  ]
}

const run = (
  models: FakeModels,
  kept: KeptJob,
  projectId: number,
  payload: typeof Payload.Encoded = weekly,
  id = crypto.randomUUID()
) =>
  Effect.flatMap(Schema.decodeEffect(Payload)(payload), (decoded) =>
    train.run({ id, projectId, payload: decoded })
  ).pipe(
    Effect.provideService(JobRun, jobRun(kept, { id, projectId })),
    Effect.provideService(ModelsClient, models.client)
  )

describe("train", () => {
  const { effect } = withLayer(layer)

  effect("learns what foretells the target, and makes it the champion", () =>
    Effect.gen(function* () {
      yield* storeBehaviour(11, 250)
      const models = new FakeModels()
      const kept = newJob()
      const result = yield* run(models, kept, 11, {
        ...byDefault,
        cuts: { count: 4 }
      })
      expect(result).toMatchObject({ version: 1, promoted: true, champion: null })
      expect(result.cuts.map((cut) => cut.for)).toEqual([
        "train",
        "train",
        "validation",
        "holdout"
      ])
      const { baseRate } = result.holdout
      const best = result.holdout[result.chosen]
      expect(best.auc?.low).toBeGreaterThan(0.7)
      expect(best.logLoss).toBeLessThan(baseRate.logLoss * 0.9)
      expect(models.champion).toBe(1)
      expect(kept.begun).toEqual(["plan", "train", "version", "promote"])
      // The registry has run them; some rows lack something.
      const { golden, lineage, reference } = models.versions[0]?.made ?? {}
      expect(JSON.stringify(golden?.inputs)).toContain("null")
      expect(golden?.tolerance).toBe(1e-5)
      expect(lineage).toMatchObject({ watermark: new Date(WATERMARK).toISOString() })
      expect(reference).toMatchObject({ target: { event: "buy", days: 7 } })

      // Another set of features: the champion is compared on its own.
      const again = yield* run(models, newJob(), 11)
      expect(again).toMatchObject({ version: 2, champion: 1 })
      expect(again.championLogLoss).toBeCloseTo(best.logLoss, 6)
      const { chosen, holdout } = again
      const judged = verdict(
        {
          candidate: holdout[chosen].logLoss,
          baseRate: holdout.baseRate.logLoss,
          logistic: holdout.logistic.logLoss,
          champion: best.logLoss
        },
        0.005
      )
      expect(again.promoted).toBe(judged.isBetter)
      // Trained already: only what comes after it is done.
      const trained = newJob()
      for (const step of ["plan", "train"])
        trained.results.set(step, kept.results.get(step))
      const never = yield* run(models, trained, 11, { ...weekly, promote: "never" })
      expect(never).toMatchObject({
        version: 3,
        promoted: false,
        reason: "It was asked not to be promoted."
      })

      // The same report against the version it is of, which now saw what it is judged by.
      models.champion = 1
      const [first] = models.versions
      if (first === undefined) return
      const seen = result.cuts.map(({ at }) => ({ at, for: "train" }))
      models.versions[0] = { ...first, lineage: { ...first.lineage, cuts: seen } }
      const judgedAgain = (payload: typeof Payload.Encoded) => {
        const judging = newJob()
        for (const step of ["plan", "train"])
          judging.results.set(step, kept.results.get(step))
        return run(models, judging, 11, payload)
      }
      const flattered = yield* judgedAgain(byDefault)
      expect(flattered.promoted).toBeFalse()
      expect(flattered.reason).toContain("learnt from a part of this holdout")
      models.versions[0] = first
      expect((yield* judgedAgain(byDefault)).reason).not.toContain("learnt from a part")
      const other = yield* judgedAgain({
        ...byDefault,
        target: { event: "buy", days: 3 }
      })
      expect(other).toMatchObject({ promoted: false, championLogLoss: null })
      expect(other.reason).toContain("foretells something else")
    })
  )

  effect("makes one version, wherever it is broken off", () =>
    Effect.gen(function* () {
      yield* storeBehaviour(12, 200)
      const models = new FakeModels()
      const kept = newJob()
      const id = crypto.randomUUID()
      for (const what of ["putArtifact", "createVersion", "setChampion"]) {
        const reached = yield* Deferred.make<void>()
        models.after = (done) =>
          done === what
            ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
            : Effect.void
        const fiber = yield* Effect.forkChild(run(models, kept, 12, weekly, id))
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(fiber)
      }
      models.after = () => Effect.void
      const result = yield* run(models, kept, 12, weekly, id)
      expect(result).toMatchObject({ version: 1, promoted: true })
      expect(result.reason).toContain("there was no champion")
      expect(models.versions).toHaveLength(1)
      // The same rows make the same file.
      expect(models.artifacts.size).toBe(1)
      expect(kept.begun).toEqual([
        "plan",
        "train",
        "train",
        "version",
        "version",
        "promote",
        "promote"
      ])
    })
  )

  effect("says what to do when nothing can be learnt", () =>
    Effect.gen(function* () {
      const refusedBy = (projectId: number, payload: typeof Payload.Encoded) =>
        Effect.map(
          Effect.flip(run(new FakeModels(), newJob(), projectId, payload)),
          (failure) => ("detail" in failure ? failure.detail : failure._tag)
        )
      expect(yield* refusedBy(99, weekly)).toContain("no activity yet")
      yield* storeBehaviour(13, 40)
      const target = { event: "refund", days: 7 }
      expect(yield* refusedBy(13, { ...weekly, target })).toContain(
        "The target never happens"
      )
      expect(
        yield* refusedBy(13, { ...weekly, target: { event: "buy", days: 60 } })
      ).toContain("Foretell fewer days")
    })
  )
})
