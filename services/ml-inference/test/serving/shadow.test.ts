import { expect, it } from "bun:test"
import { Context } from "effect"
import { usualBreaker } from "../../src/serving/CircuitBreaker.ts"
import { ServedVersion } from "../../src/serving/ServedVersion.ts"
import { makeVersionMetrics } from "../../src/serving/ServingMetrics.ts"
import { Shadows } from "../../src/serving/shadow.ts"
import { FakeExecutor } from "../support/FakeExecutor.ts"
import { limits } from "../support/StubModels.ts"
import { tensor } from "../support/tensors.ts"

const spec = (name: string) => ({ name, datatype: "UINT8" as const, shape: [-1, -1] })
const signature = { inputs: [spec("x")], outputs: [spec("y")] }

/** A shadow whose process does what it is told to, and what was counted of it. */
const makeShadow = () => {
  const desired = {
    id: "1",
    projectId: 1,
    model: "m",
    version: 2,
    sha256: "",
    signature,
    golden: undefined,
    limits,
    batching: { maxRows: 1, window: 0, queueRows: 1000 },
    instances: 1
  }
  const outcomes: Array<string> = []
  const metrics = {
    ...makeVersionMetrics(desired, Context.empty()),
    shadowed: (outcome: string) => {
      outcomes.push(outcome)
    }
  }
  const shadow = new ServedVersion(
    desired,
    { breaker: usualBreaker, queueBytes: 2 ** 30, queueTime: 60_000 },
    metrics,
    () => {}
  )
  const fake = new FakeExecutor()
  shadow.attach({ ...fake.executor, signature })
  return { fake, outcomes, shadow }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

it("asks shadows for so many requests and so many bytes at once, and again later", async () => {
  const { fake, outcomes, shadow } = makeShadow()
  const shadows = new Shadows()
  const large = new Uint8Array(15 * 1024 * 1024)
  const x = tensor("x", "UINT8", [1, large.length], large)
  const ask = (y: typeof x) => shadows.ask(shadow, [x], undefined, [y])
  for (let n = 0; n < 3; n++) ask({ ...x, name: "y" })
  expect(outcomes).toEqual(["dropped"])
  for (let n = 0; n < 2; n++) {
    while (fake.runs.length === 0) await turn()
    fake.finish({ _tag: "Outputs", outputs: [{ ...x, name: "y" }], took: 1 })
  }
  expect(outcomes).toEqual(["dropped", "same", "same"])
  const small = tensor("x", "UINT8", [1, 1], Uint8Array.of(4))
  for (let n = 0; n < 65; n++)
    shadows.ask(shadow, [small], undefined, [{ ...small, name: "y" }])
  expect(outcomes.splice(0)).toEqual(["dropped", "same", "same", "dropped"])
  for (let n = 0; n < 64; n++) {
    while (fake.runs.length === 0) await turn()
    fake.finish()
  }
  expect(outcomes).toEqual(Array(64).fill("different"))
})
