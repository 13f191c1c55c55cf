import { describe, expect } from "bun:test"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  elementSize,
  type Tensor,
  type TensorSpec
} from "@analytics/inference-protocol/Tensor"
import { inspectOnnx } from "@analytics/ml-models/onnx/inspectOnnx"
import { refusals } from "@analytics/ml-models/onnx/OnnxPolicy"
import { hostileFile } from "@analytics/ml-models/test/hostileFiles"
import { withLayer } from "@analytics/testing/effectTest"
import { Console, Effect, Fiber, Result } from "effect"
import { type ExecutorLimits, Executors } from "../../src/execution/Executors.ts"
import * as SpawnedExecutors from "../../src/execution/SpawnedExecutors.ts"
import * as Models from "../support/models.ts"
import { floats, numbers } from "../support/tensors.ts"

const files = process.env["TEST_LONG"] === "1" ? 600 : 8
const limits: ExecutorLimits = { memory: 1024 ** 3, loadTime: 5000, runTime: 2000 }

/** Nothing but zeros of what the model asks for; undefined: of more than is sent. */
const zeros = (spec: TensorSpec): Tensor | undefined => {
  const shape = spec.shape.map((size) => (size < 0 ? 2 : size))
  const elements = shape.reduce((product, size) => product * size, 1)
  if (elements > 1e6) return undefined
  const size = spec.datatype === "BYTES" ? 4 : elementSize[spec.datatype]
  return { ...spec, shape, bytes: new Uint8Array(elements * size) }
}

/** What became of a file, past the policy that would refuse most of them. */
const endOf = Effect.fnUntraced(function* (path: string) {
  const executor = yield* (yield* Executors).start(path, limits)
  const inputs = executor.signature.inputs.map(zeros)
  const given = inputs.filter((input) => input !== undefined)
  if (given.length < inputs.length) return "loaded, not run"
  yield* executor.run(given)
  return "answered"
}, Effect.scoped)

const outcomeOf = (path: string) =>
  endOf(path).pipe(
    Effect.catchTags({
      ModelRefused: () => Effect.succeed("load refused"),
      RunRefused: () => Effect.succeed("run refused"),
      ExecutorLost: ({ reason }) => Effect.succeed(`process ended: ${reason}`)
    })
  )

const percentile = (values: ReadonlyArray<number>, part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0

describe("fuzzed models", () => {
  const { effect } = withLayer(SpawnedExecutors.layer)

  effect("are refused or killed while another goes on answering", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(tmpdir(), "fuzzed-"))),
          (made) => Effect.promise(() => rm(made, { recursive: true }))
        )
        const path = (name: string) => join(folder, name)
        const put = (name: string, file: Uint8Array) =>
          Effect.promise(() => writeFile(path(name), file))
        yield* put("good", Models.times(3))
        const good = yield* (yield* Executors).start(path("good"), limits)
        const latencies: Array<number> = []
        const asking = yield* Effect.forkScoped(
          Effect.forever(
            Effect.gen(function* () {
              const before = performance.now()
              const [answer] = yield* good.run([floats("x", [[1, 2]])])
              latencies.push(performance.now() - before)
              expect(answer === undefined ? [] : numbers(answer)).toEqual([3, 6])
              yield* Effect.sleep("2 millis")
            })
          )
        )
        const outcomes: Record<string, number> = {}
        let admitted = 0
        let slowest = 0
        yield* Effect.forEach(
          Array.from({ length: files }, (_, seed) => seed),
          Effect.fnUntraced(function* (seed) {
            const file = hostileFile(seed)
            const before = performance.now()
            const inspected = inspectOnnx(file)
            slowest = Math.max(slowest, performance.now() - before)
            if (Result.isSuccess(inspected) && refusals(inspected.success).length === 0)
              admitted++
            yield* put(`${seed}`, file)
            const outcome = yield* outcomeOf(path(`${seed}`))
            outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
          }),
          { concurrency: 2, discard: true }
        )
        expect(asking.pollUnsafe()).toBeUndefined()
        yield* Fiber.interrupt(asking)
        expect(latencies.length).toBeGreaterThan(files)
        if (files > 100) {
          yield* Console.log(
            `${files} files: ${admitted} pass inspection and policy (slowest ${slowest.toFixed(1)} ms);`,
            JSON.stringify(outcomes),
            `another model meanwhile: ${latencies.length} answers,`,
            `p50 ${percentile(latencies, 0.5).toFixed(2)} ms, p99 ${percentile(latencies, 0.99).toFixed(2)} ms,`,
            `slowest ${percentile(latencies, 1).toFixed(1)} ms`
          )
        }
      })
    )
  )
})
