import { describe, expect } from "bun:test"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Fiber, Result } from "effect"
import {
  type ExecutorLimits,
  Executors,
  ModelRefused
} from "../../src/execution/Executors.ts"
import * as SpawnedExecutors from "../../src/execution/SpawnedExecutors.ts"
import * as Models from "../support/models.ts"
import { floats, numbers, strings, tensor } from "../support/tensors.ts"

const limits: ExecutorLimits = { memory: 1024 ** 3, loadTime: 30_000, runTime: 30_000 }

const start = Effect.fnUntraced(function* (
  model: Uint8Array,
  over: Partial<ExecutorLimits> = {}
) {
  const path = yield* Models.onDisk({ model })
  const executors = yield* Executors
  return yield* executors.start(path("model"), { ...limits, ...over })
})

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe("executors", () => {
  const { effect } = withLayer(SpawnedExecutors.layer)

  effect("give back every datatype to the bit", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cases: ReadonlyArray<
          readonly [Parameters<typeof Models.identity>[0], Tensor]
        > = [
          ["bool", tensor("x", "BOOL", [2], Uint8Array.of(0, 1))],
          [
            "int64",
            tensor("x", "INT64", [2], BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n))
          ],
          ["uint64", tensor("x", "UINT64", [1], BigUint64Array.of(2n ** 64n - 1n))],
          ["float16", tensor("x", "FP16", [3], Uint16Array.of(0x3c00, 0x7e01, 0x8001))],
          ["double", tensor("x", "FP64", [3], Float64Array.of(0.1, -0, Number.NaN))],
          ["string", strings("x", [2, 2], ["", "größer", "a b", "🙂"])]
        ]
        const answers = yield* Effect.forEach(
          cases,
          ([type, x]) =>
            Effect.scoped(
              Effect.flatMap(
                start(Models.identity(type, ["N", ...x.shape.slice(1).map(() => "M")])),
                (it) => it.run([x])
              )
            ),
          { concurrency: 2 }
        )
        expect(answers).toEqual(
          cases.map(([, x]) => [{ ...x, name: "y", bytes: x.bytes }])
        )
      })
    )
  )

  effect("take integers of every width, scalars and nothing at all", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const any = ["A", "B"]
        for (const [type, datatype, elements] of [
          ["uint8", "UINT8", Uint8Array.of(0, 255)],
          ["int8", "INT8", Int8Array.of(-128, 127)],
          ["uint16", "UINT16", Uint16Array.of(0, 65535)],
          ["int16", "INT16", Int16Array.of(-32768, 32767)],
          ["uint32", "UINT32", Uint32Array.of(0, 4294967295)],
          ["int32", "INT32", Int32Array.of(-2147483648, 2147483647)]
        ] as const) {
          const it = yield* start(Models.identity(type, any))
          const x = tensor("x", datatype, [1, 2], elements)
          expect((yield* it.run([x]))[0]?.bytes).toEqual(x.bytes)
        }
        const scalar = yield* start(Models.identity("float", []))
        const one = tensor("x", "FP32", [], Float32Array.of(7))
        expect(yield* scalar.run([one])).toEqual([
          { ...one, name: "y", bytes: one.bytes }
        ])
        const empty = yield* start(Models.identity("float", any))
        const [none] = yield* empty.run([
          tensor("x", "FP32", [0, 3], new Float32Array(0))
        ])
        expect(none).toMatchObject({ shape: [0, 3] })
        expect(none?.bytes.byteLength).toBe(0)
      })
    )
  )

  effect("tell the signature, and give the outputs that were asked for", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const it = yield* start(Models.sumAndDifference)
        expect(it.signature).toEqual({
          inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
          outputs: [
            { name: "sum", datatype: "FP32", shape: [-1, 1] },
            { name: "difference", datatype: "FP32", shape: [-1, 1] }
          ]
        })
        const x = floats("x", [
          [5, 3],
          [1, 2]
        ])
        const both = yield* it.run([x])
        expect(both.map(({ name }) => name)).toEqual(["sum", "difference"])
        const [difference, ...others] = yield* it.run([x], ["difference"])
        expect(others).toEqual([])
        expect(difference && numbers(difference)).toEqual([2, -1])
        expect(yield* it.memory).toBeGreaterThan(10_000_000)
      })
    )
  )

  effect("answer in order when asked at once, also with large tensors", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const it = yield* start(Models.times(2, 500_000))
        const sums = yield* Effect.forEach(
          [1, 2, 3, 4],
          (n) =>
            Effect.map(
              it.run([
                tensor("x", "FP32", [1, 500_000], new Float32Array(500_000).fill(n))
              ]),
              ([y]) => y && numbers(y).every((each) => each === 2 * n)
            ),
          { concurrency: "unbounded" }
        )
        expect(sums).toEqual([true, true, true, true])
      })
    )
  )

  effect("refuse what is no model", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const good = Models.times(2)
        for (const bad of [
          new Uint8Array(0),
          Buffer.from("no model"),
          good.slice(0, good.byteLength - 20)
        ]) {
          const refused = yield* Effect.flip(start(bad))
          expect(refused).toBeInstanceOf(ModelRefused)
          // Neither where the file is, nor where the runtime was built.
          expect(refused.detail).not.toContain("/")
        }
        const brain = yield* Effect.flip(start(Models.identity("bfloat16", ["N"])))
        expect(brain).toMatchObject({
          _tag: "ModelRefused",
          detail: expect.stringMatching(/BF16/u)
        })
      })
    )
  )

  effect("refuse strings that the runtime would change", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const it = yield* start(Models.identity("string", ["N"]))
        const refusal = (bytes: ReadonlyArray<number>) =>
          Effect.flip(
            it.run([
              tensor("x", "BYTES", [1], Uint8Array.of(bytes.length, 0, 0, 0, ...bytes))
            ])
          )
        expect(yield* refusal([97, 0, 98])).toMatchObject({
          detail: expect.stringMatching(/^element 0 of "x" has a character U\+0000/u)
        })
        expect(yield* refusal([0xff])).toMatchObject({
          detail: expect.stringMatching(/^element 0 of "x" is not UTF-8/u)
        })
      })
    )
  )

  effect("outlive a run that is refused", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const it = yield* start(Models.picky)
        const ask = (n: bigint) =>
          it.run([tensor("x", "INT64", [1], BigInt64Array.of(n))])
        expect(yield* Effect.flip(ask(7n))).toMatchObject({ _tag: "RunRefused" })
        const [y] = yield* ask(1n)
        expect(y && numbers(y)).toEqual([20])
      })
    )
  )

  effect("keep to their memory", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const x = floats("x", [[1, 2]])
        const starting = yield* start(Models.terabytes)
        expect(yield* Effect.flip(starting.run([x]))).toMatchObject({
          _tag: "RunRefused"
        })
        const it = yield* start(Models.large)
        const ask = (n: bigint) =>
          it.run([tensor("n", "INT64", [1], BigInt64Array.of(n))])
        for (const n of [10n ** 12n, 10n ** 9n])
          expect(yield* Effect.flip(ask(n))).toMatchObject({ _tag: "RunRefused" })
        const [y] = yield* ask(10n)
        expect(y && numbers(y)).toEqual(Array(10).fill(0.5))
      })
    )
  )

  effect("are killed at their deadline", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const it = yield* start(Models.endless, { runTime: 300 })
        expect(yield* it.run([floats("x", [[0, 0]])])).toHaveLength(1)
        const [run, lost] = yield* Effect.all(
          [Effect.flip(it.run([floats("x", [[1, 0]])])), it.lost],
          { concurrency: "unbounded" }
        )
        expect(run).toMatchObject({ _tag: "ExecutorLost", reason: "deadline" })
        expect(lost).toEqual(run as typeof lost)
        expect(alive(it.pid)).toBe(false)
        expect(yield* Effect.flip(it.run([floats("x", [[0, 0]])]))).toEqual(run)
        expect(yield* it.memory).toBe(0)
        expect(
          yield* Effect.flip(start(Models.times(2), { loadTime: 1 }))
        ).toMatchObject({
          _tag: "ExecutorLost",
          reason: "deadline"
        })
      })
    )
  )

  effect("end with their scope, and say so when they are killed", () =>
    Effect.gen(function* () {
      const [pid, killed] = yield* Effect.scoped(
        Effect.gen(function* () {
          const one = yield* start(Models.times(2))
          const other = yield* start(Models.endless)
          const run = yield* Effect.forkChild(
            Effect.result(other.run([floats("x", [[1, 0]])]))
          )
          yield* Effect.yieldNow
          process.kill(other.pid, "SIGKILL")
          return [one.pid, yield* Fiber.join(run)] as const
        })
      )
      expect(alive(pid)).toBe(false)
      expect(Result.getOrThrow(Result.flip(killed))).toMatchObject({
        _tag: "ExecutorLost",
        reason: "crash"
      })
    })
  )
})
