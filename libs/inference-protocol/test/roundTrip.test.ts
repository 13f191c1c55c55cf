import { describe, expect, it } from "bun:test"
import {
  decodeRequest,
  encodeRequest,
  type InferRequest
} from "@analytics/inference-protocol/InferRequest"
import {
  decodeResponse,
  encodeResponse
} from "@analytics/inference-protocol/InferResponse"
import type { Message } from "@analytics/inference-protocol/message"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import type { Form } from "@analytics/inference-protocol/writeTensor"
import { Result } from "effect"
import fc from "fast-check"
import { anyTensor, jsonTensor } from "./tensors.ts"

const forms = fc.constantFrom<Form>("json", "binary")
const parameters = fc.dictionary(
  fc.string().filter((name) => !name.startsWith("binary_data") && name !== "__proto__"),
  fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc
      .double({ noDefaultInfinity: true, noNaN: true })
      .filter((it) => !Object.is(it, -0))
  )
)
const named = (tensors: fc.Arbitrary<Tensor>) =>
  fc.uniqueArray(tensors, { selector: ({ name }) => name, minLength: 1, maxLength: 4 })

const bytesOf = ({ body }: Message): Uint8Array => Buffer.from(body)
const headerOf = ({ headerLength }: Message): string | undefined =>
  headerLength === undefined ? undefined : String(headerLength)

/** Names, types, shapes and every bit. */
const plain = (tensors: ReadonlyArray<Tensor>) =>
  tensors.map(({ name, datatype, shape, bytes }) => ({
    name,
    datatype,
    shape: [...shape],
    bytes: Buffer.from(bytes).toString("hex")
  }))

const requestsOf = (tensors: fc.Arbitrary<Tensor>): fc.Arbitrary<InferRequest> =>
  fc.record({
    id: fc.option(fc.string(), { nil: undefined }),
    parameters,
    inputs: named(tensors),
    outputs: fc.option(
      fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), form: forms }), {
        selector: ({ name }) => name,
        minLength: 1,
        maxLength: 3
      }),
      { nil: undefined }
    ),
    outputForm: forms
  })

const requestRoundTrip = (request: InferRequest, form: Form): void => {
  const message = Result.getOrThrow(encodeRequest(request, form))
  const read = Result.getOrThrow(decodeRequest(bytesOf(message), headerOf(message)))
  expect(plain(read.inputs)).toEqual(plain(request.inputs))
  expect(read.id).toBe(request.id)
  expect(read.outputs).toEqual(request.outputs)
  expect(read.outputForm).toBe(request.outputForm)
  const { binary_data_output: _, ...others } = read.parameters ?? {}
  expect(others).toEqual({ ...request.parameters })
}

describe("what is written is read back", () => {
  it("requests with binary data, bit for bit", () => {
    fc.assert(
      fc.property(requestsOf(anyTensor), (request) =>
        requestRoundTrip(request, "binary")
      )
    )
  })

  it("requests in JSON, bit for bit", () => {
    fc.assert(
      fc.property(requestsOf(jsonTensor), (request) =>
        requestRoundTrip(request, "json")
      )
    )
  })

  it("answers whose outputs travel in either form", () => {
    const outputs = named(anyTensor)
    const mixed = fc.tuple(outputs, named(jsonTensor))
    fc.assert(
      fc.property(mixed, fc.string({ minLength: 1 }), ([binary, json], modelName) => {
        const others = json.filter(({ name }) => !binary.some((it) => it.name === name))
        const all = [...others, ...binary]
        const message = Result.getOrThrow(
          encodeResponse({ modelName, modelVersion: "3", outputs: all }, (name) =>
            binary.some((it) => it.name === name) ? "binary" : "json"
          )
        )
        const read = Result.getOrThrow(
          decodeResponse(bytesOf(message), headerOf(message))
        )
        expect(plain(read.outputs)).toEqual(plain(all))
        expect(read.modelName).toBe(modelName)
        expect(read.modelVersion).toBe("3")
      })
    )
  })
})
