import { expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Option } from "effect"
import { ModelRepo } from "../../src/registry/ModelRepo.ts"
import { VersionRepo } from "../../src/registry/VersionRepo.ts"
import { admitted } from "./admitted.ts"

const { effect } = withLayer(
  Layer.merge(ModelRepo.layer, VersionRepo.layer).pipe(
    Layer.provideMerge(TestPostgres.client)
  )
)

const actor = { projectId: 7, actor: "service" }

effect("keeps one version of a job, and gives no number away for the other", () =>
  Effect.gen(function* () {
    const models = yield* ModelRepo
    const versions = yield* VersionRepo
    yield* models.insert(actor, { name: "churn" })
    yield* models.insert(actor, { name: "buys" })
    const of = (model: string, lineage: object) =>
      Effect.map(
        versions.insert(actor, model, {
          ...admitted({ lineage }),
          id: crypto.randomUUID()
        }),
        Option.map(({ version }) => version)
      )
    // Both at once, as when an attempt that was broken off is still under way.
    const both = yield* Effect.all(
      [of("churn", { job: "a" }), of("churn", { job: "a" })],
      { concurrency: 2 }
    )
    expect(both.flatMap(Option.toArray)).toEqual([1])
    expect(yield* of("churn", { job: "b" })).toEqual(Option.some(2))
    expect(yield* of("buys", { job: "a" })).toEqual(Option.some(1))
    expect(yield* of("churn", {})).toEqual(Option.some(3))
    expect(yield* of("churn", {})).toEqual(Option.some(4))
  })
)
