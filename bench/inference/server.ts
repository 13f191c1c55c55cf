import { createHash } from "node:crypto"
import { Health } from "@analytics/api-common/Health"
import { ModelAccess } from "@analytics/ml-inference/access/ModelAccess"
import * as SpawnedExecutors from "@analytics/ml-inference/execution/SpawnedExecutors"
import { PredictionLog } from "@analytics/ml-inference/predictionLog/PredictionLog"
import { inferRoutes } from "@analytics/ml-inference/protocol/InferRoutes"
import { RequestBodies } from "@analytics/ml-inference/protocol/RequestBodies"
import {
  type DesiredModel,
  DesiredModels,
  type DesiredVersion
} from "@analytics/ml-inference/registry/DesiredModels"
import * as LiveServing from "@analytics/ml-inference/serving/LiveServing"
import { Serving } from "@analytics/ml-inference/serving/Serving"
import { Effect, Layer, ManagedRuntime, References, Stream } from "effect"
import { Elysia } from "elysia"
import { models, signatureOf } from "./models.ts"

/**
 * The route that infers, as the service has it, with every model of the bench twice:
 * `<name>` joins requests, `<name>-single` does not. `server.ts <folder> none` answers the
 * same without a model: the ceiling. Prints its port, and ends with its stdin.
 */
const [folder = "", how] = process.argv.slice(2)

const versionOf = (name: string, maxRows: number, index: number): DesiredVersion => {
  const model = models[index]
  if (model === undefined) throw new Error("no such model")
  return {
    id: name,
    projectId: 1,
    model: name,
    version: 1,
    sha256: createHash("sha256").update(model.name).digest("hex"),
    signature: signatureOf(model),
    golden: undefined,
    limits: { memory: 2 * 1024 ** 3, loadTime: 60_000, runTime: 60_000 },
    batching: { maxRows, window: 0, queueRows: 10_000 },
    instances: 1
  }
}

const state = new Map(
  models.flatMap(({ name }, index) =>
    [
      [name, 64],
      [`${name}-single`, 1]
    ].map(([served, maxRows]): [string, DesiredModel] => [
      `1/${served}`,
      {
        projectId: 1,
        name: String(served),
        aliases: { champion: 1 },
        challengerPercent: 0,
        versions: new Map([[1, versionOf(String(served), Number(maxRows), index)]])
      }
    ])
  )
)

const desired = Layer.succeed(DesiredModels, {
  current: Effect.succeed(state),
  changes: Stream.make(state),
  refresh: Effect.void,
  artifact: (sha256) => Effect.succeed(`${folder}/${sha256}.onnx`)
})

/** Answers at once with a row of the right size. */
const withoutModels = Layer.effect(
  Serving,
  Effect.map(Serving, (serving) => ({
    ...serving,
    infer: ({ model }, _, outputs) => {
      const bench = models.find(({ name }) => model.startsWith(name)) ?? models[0]
      const size = bench?.output.width ?? 1
      return Effect.succeed({
        model,
        version: 1,
        outputs: [
          {
            name: outputs?.[0] ?? "",
            datatype: "FP32",
            shape: [1, size],
            bytes: new Uint8Array(new Float32Array(size).fill(0.123).buffer)
          }
        ]
      })
    }
  }))
)

const live = LiveServing.layerWith({ ...LiveServing.usualOptions, maxLoaded: 8 }).pipe(
  Layer.provide(SpawnedExecutors.layer),
  Layer.provide(desired)
)

const everybody = {
  actor: "bench",
  projectId: 1,
  until: Number.POSITIVE_INFINITY
}

const runtime = ManagedRuntime.make(
  Layer.mergeAll(
    how === "none" ? withoutModels.pipe(Layer.provide(live)) : live,
    RequestBodies.layerOf(64 * 1024 * 1024),
    Health.layer({}),
    Layer.succeed(PredictionLog, { offer: () => {} }),
    Layer.succeed(ModelAccess, {
      of: () => Effect.succeed(everybody),
      known: () => everybody
    })
  ).pipe(Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error")))
)

await runtime.runPromise(
  Effect.gen(function* () {
    const serving = yield* Serving
    for (const { name } of state.values()) yield* serving.awaitReady(1, name, 1)
  })
)
const app = new Elysia().use(inferRoutes(runtime)).listen({ port: 0, reusePort: false })
process.stdout.write(`${app.server?.port}\n`)
for await (const _ of Bun.stdin.stream());
await runtime.dispose()
process.exit(0)
