import { expect, it } from "bun:test"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import { Inspection } from "../../src/onnx/Inspection.ts"
import { inspectOnnx } from "../../src/onnx/inspectOnnx.ts"
import { refusals } from "../../src/onnx/OnnxPolicy.ts"
import { hostileFile } from "../support/hostileFiles.ts"

const runs = { numRuns: process.env["TEST_LONG"] === "1" ? 100_000 : 1000 }

it("answers whatever the bytes are", () => {
  let judged = 0
  fc.assert(
    fc.property(fc.oneof(fc.nat().map(hostileFile), fc.uint8Array()), (file) => {
      const said = inspectOnnx(file)
      if (Result.isFailure(said)) return expect(said.failure.detail).not.toBe("")
      judged++
      refusals(said.success)
      // What is kept and told as JSON comes back as it was.
      const json = JSON.parse(JSON.stringify(said.success))
      expect(Schema.decodeUnknownSync(Inspection)(json)).toEqual(said.success)
    }),
    runs
  )
  expect(judged).toBeGreaterThan(runs.numRuns / 10)
}, 600_000)
