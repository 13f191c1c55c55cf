import { describe, expect } from "bun:test"
import { fileURLToPath } from "node:url"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect } from "effect"
import { type ServiceProcess, startService } from "../support/ServiceProcess.ts"
import { fetched, installed, type RealModel } from "./catalogue.ts"
import { fetchedFile, installedFile } from "./modelFiles.ts"

const isLong = process.env["TEST_LONG"] === "1"
const bareRuntime = fileURLToPath(new URL("./bareRuntime.ts", import.meta.url))

/** What onnxruntime answers in a process of its own. */
const askBare = async (file: string, { name }: RealModel): Promise<unknown> => {
  const child = Bun.spawn([process.execPath, bareRuntime, file, name], {
    stdout: "pipe",
    stderr: "inherit"
  })
  return JSON.parse(await new Response(child.stdout).text())
}

const shown = (outputs: ReadonlyArray<Tensor>) =>
  outputs.map(({ bytes, datatype, name, shape }) => ({
    name,
    datatype,
    shape: [...shape],
    bytes: Buffer.from(bytes).toString("hex")
  }))

/** What the service answers: uploaded, admitted, made champion, asked over HTTP. */
const askService = Effect.fnUntraced(function* (
  { client, push }: ServiceProcess,
  file: string,
  { name, steps }: RealModel
) {
  yield* push(name, yield* Effect.promise(() => Bun.file(file).bytes()))
  const answers: Array<ReadonlyArray<object>> = []
  let outputs: ReadonlyArray<Tensor> = []
  for (const step of steps) {
    const answer = yield* client.infer(name, { inputs: step(outputs) })
    outputs = answer.outputs
    answers.push(shown(outputs))
  }
  return answers
})

describe("models of npm packages", () => {
  const { effect } = withLayer(TestPostgres.layer)

  const answersAlike = (
    models: ReadonlyArray<RealModel>,
    fileOf: (model: RealModel) => Promise<string>
  ) =>
    Effect.scoped(
      Effect.gen(function* () {
        const service = yield* startService()
        yield* Effect.forEach(
          models,
          Effect.fnUntraced(function* (model) {
            const file = yield* Effect.promise(() => fileOf(model))
            const bare = yield* Effect.promise(() => askBare(file, model))
            const served = yield* askService(service, file, model)
            expect(served).toHaveLength(model.steps.length)
            expect({ model: model.name, steps: served }).toEqual({
              model: model.name,
              steps: bare as typeof served
            })
          }),
          { concurrency: 2 }
        )
      })
    )

  effect("answer as onnxruntime alone does, bit for bit", () =>
    answersAlike(installed, installedFile)
  )

  if (isLong)
    effect(`answer so, too: ${fetched.length} that are fetched`, () =>
      answersAlike(fetched, fetchedFile)
    )
})
