import { describe, expect, it } from "bun:test"
import { decodeRequest } from "@analytics/inference-protocol/InferRequest"
import { Result } from "effect"
import fc from "fast-check"
import { anyTensor } from "./tensors.ts"

/** What is said of a body. */
const refusal = (
  body: string | Uint8Array,
  headerLength: string | null = null
): string | undefined => {
  const read = decodeRequest(Buffer.from(body), headerLength)
  return Result.isFailure(read) ? read.failure.detail : undefined
}

/** What is said of one input. */
const ofInput = (input: string): string | undefined => refusal(`{"inputs":[${input}]}`)

const x = '"name":"x","datatype":"FP32"'
const binary = (size: number | string, more = "") =>
  `{"inputs":[{${x},"shape":[2],"parameters":{"binary_data_size":${size}}${more}}]}`

it("takes null for what a client leaves out", () => {
  const x =
    '{"name":"x","datatype":"FP32","shape":[1],"data":[1],"parameters":{"content_type":null}}'
  const body = `{"id":null,"parameters":null,"inputs":[${x}],"outputs":null}`
  expect(Result.getOrThrow(decodeRequest(Buffer.from(body), null))).toMatchObject({
    id: undefined,
    outputs: undefined,
    parameters: {}
  })
})

describe("what is refused, and what is said", () => {
  const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`

  it.each([
    ["", "The body is not JSON"],
    ["[]", "The body must be a JSON object"],
    ["null", "The body must be a JSON object"],
    ['{"inputs":[', "The body is not JSON"],
    [Uint8Array.of(0x22, 0xff, 0x22), "The body must be JSON in UTF-8"],
    ["{}", "inputs must be an array of at least one tensor"],
    ['{"inputs":[]}', "inputs must be an array of at least one tensor"],
    ['{"inputs":[1]}', "inputs[0] must be an object"],
    ['{"id":7,"inputs":[]}', "id must be a string"],
    ['{"parameters":[],"inputs":[]}', "parameters must be an object"],
    ['{"parameters":{"a":{}},"inputs":[]}', "parameters.a must be"],
    [
      '{"parameters":{"binary_data_output":1},"inputs":[]}',
      "parameters.binary_data_output must be true or false"
    ],
    [nested, "The body must be a JSON object"],
    [`{"inputs":${nested}}`, "inputs[0] must be an object"],
    [`{"n":18446744073709551616,"id":${nested},"inputs":[]}`, "id must be a string"]
  ])("a body %#", (body, said) => {
    expect(refusal(body)).toContain(said)
  })

  it.each([
    [`{"datatype":"FP32","shape":[1],"data":[1]}`, "inputs[0].name must be a string"],
    [
      `{"name":"","datatype":"FP32","shape":[1],"data":[1]}`,
      "inputs[0].name must be a string"
    ],
    [`{"name":"x","shape":[1],"data":[1]}`, "inputs[0].datatype must be one of BOOL"],
    [
      `{"name":"x","datatype":"fp32","shape":[1],"data":[1]}`,
      "inputs[0].datatype must be one of"
    ],
    [`{${x},"data":[1]}`, "inputs[0].shape must be an array"],
    [
      `{${x},"shape":[-1],"data":[1]}`,
      "inputs[0].shape[0] must be a non-negative integer"
    ],
    [
      `{${x},"shape":[1.5],"data":[1]}`,
      "inputs[0].shape[0] must be a non-negative integer"
    ],
    [
      `{${x},"shape":["1"],"data":[1]}`,
      "inputs[0].shape[0] must be a non-negative integer"
    ],
    [
      `{${x},"shape":[4294967296,4294967296],"data":[1]}`,
      "inputs[0].shape is of more elements"
    ],
    [
      `{${x},"shape":[9223372036854775807],"data":[1]}`,
      "inputs[0].shape is of more elements"
    ],
    [`{${x},"shape":[0,1e300],"data":[]}`, "inputs[0].shape is of more elements"],
    [`{${x},"shape":[1e10],"data":[]}`, "inputs[0].data has 0 elements where"],
    [`{${x},"shape":[${"1,".repeat(32)}1],"data":[1]}`, "has 33 dimensions"],
    [
      `{${x},"shape":[2],"data":[1]}`,
      "inputs[0].data has 1 elements where the shape [2] has 2"
    ],
    [`{${x},"shape":[1],"data":1}`, "inputs[0].data must be an array"],
    [`{${x},"shape":[1],"data":["1"]}`, "inputs[0].data[0] must be a number"],
    [`{${x},"shape":[1],"data":[[1]]}`, "inputs[0].data[0] must be a number"],
    [`{${x},"shape":[2,1],"data":[[1],2]}`, "inputs[0].data[1] must be an array"],
    [`{${x},"shape":[2,1],"data":[1,[2]]}`, "inputs[0].data[1] must be a number"],
    [
      `{${x},"shape":[2,1],"data":[[1],[2,3]]}`,
      "inputs[0].data[1] has 2 elements where dimension 1"
    ],
    [
      `{${x},"shape":[2,1],"data":[[1]]}`,
      "inputs[0].data has 1 elements where dimension 0"
    ],
    [`{${x},"shape":[1]}`, 'neither "data" nor the parameter "binary_data_size"'],
    [
      `{${x},"shape":[1],"data":[1]},{${x},"shape":[1],"data":[1]}`,
      'inputs[1].name: "x" was given already'
    ],
    [
      `{${x},"shape":[1],"data":[1],"parameters":3}`,
      "inputs[0].parameters must be an object"
    ],
    [
      `{${x},"shape":[1],"parameters":{"shared_memory_region":"r"}}`,
      "no shared memory"
    ],
    [
      `{"name":"x","datatype":"BOOL","shape":[1],"data":[1]}`,
      "inputs[0].data[0] must be true or false"
    ],
    [
      `{"name":"x","datatype":"INT8","shape":[2],"data":[-128,128]}`,
      "inputs[0].data[1] must be an integer from -128 to 127"
    ],
    [
      `{"name":"x","datatype":"UINT64","shape":[1],"data":[-1]}`,
      "inputs[0].data[0] must be an integer from 0 to 18446744073709551615"
    ],
    [
      `{"name":"x","datatype":"UINT64","shape":[1],"data":[18446744073709551616]}`,
      "from 0 to 18446744073709551615"
    ],
    [
      `{"name":"x","datatype":"INT64","shape":[1],"data":[9223372036854775808]}`,
      "from -9223372036854775808 to"
    ],
    [
      `{"name":"x","datatype":"INT64","shape":[1],"data":[${"9".repeat(1000)}]}`,
      "from -9223372036854775808 to"
    ],
    [
      `{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993],"n":${nested}}`,
      "The body nests too deep"
    ],
    [
      `{"name":"x","datatype":"BYTES","shape":[1],"data":[1]}`,
      "inputs[0].data[0] must be a string"
    ]
  ])("an input %#", (input, said) => {
    expect(ofInput(input)).toContain(said)
  })

  it.each([
    ['"outputs":1', "outputs must be an array"],
    ['"outputs":[{}]', "outputs[0].name must be a string"],
    ['"outputs":["y"]', "outputs[0] must be an object"],
    [
      '"outputs":[{"name":"y"},{"name":"y"}]',
      'outputs[1].name: "y" was asked for already'
    ],
    [
      '"outputs":[{"name":"y","parameters":{"binary_data":"yes"}}]',
      "outputs[0].parameters.binary_data must be true or false"
    ],
    [
      '"outputs":[{"name":"y","parameters":{"classification":3}}]',
      "classification is not supported"
    ]
  ])("outputs %#", (outputs, said) => {
    const inputs = `"inputs":[{${x},"shape":[1],"data":[1]}]`
    expect(refusal(`{${inputs},${outputs}}`)).toContain(said)
  })

  it.each([
    [binary(8), null, "", "only 0 bytes of binary data are left"],
    [binary(8), undefined, "1234567", "only 7 bytes"],
    [binary(8), undefined, "123456789", "1 bytes follow that no tensor has asked for"],
    [binary(4), undefined, "1234", "take 8 bytes"],
    [binary(-8), undefined, "", "binary_data_size must be a non-negative integer"],
    [binary(8.5), undefined, "", "binary_data_size must be a non-negative integer"],
    [
      binary('"8"'),
      undefined,
      "12345678",
      "binary_data_size must be a non-negative integer"
    ],
    [binary(8, ',"data":[1,2]'), undefined, "12345678", "has both"],
    [binary(8), "1", "12345678", "The body is not JSON"],
    [binary(8), "-1", "12345678", "Inference-Header-Content-Length must be"],
    [binary(8), "9e9", "12345678", "Inference-Header-Content-Length must be"],
    [binary(8), "99999", "12345678", "but the body has"],
    [binary(8), "99999999999999999999", "", "Inference-Header-Content-Length must be"]
  ])("binary data %#", (json, header, data, said) => {
    const length = header === undefined ? String(json.length) : header
    expect(refusal(json + data, length)).toContain(said)
  })

  it.each([
    ["BOOL", 2, [0, 2], "element 1 must be 0 or 1"],
    ["BYTES", 2, [1, 0, 0, 0, 65], "take at least 8 bytes"],
    ["BYTES", 1, [2, 0, 0, 0, 65], "ends within element 0"],
    ["BYTES", 1, [255, 255, 255, 255], "ends within element 0"],
    ["BYTES", 1, [1, 0, 0, 0, 65, 66], "has 1 bytes after its last element"]
  ])("binary %s %#", (datatype, elements, data, said) => {
    const json = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${elements}],"parameters":{"binary_data_size":${data.length}}}]}`
    const body = Buffer.concat([Buffer.from(json), Uint8Array.from(data)])
    expect(refusal(body, String(json.length))).toContain(said)
  })

  it("takes any bytes for an answer or a refusal, and never fails otherwise", () => {
    const json = JSON.stringify({
      inputs: [{ name: "x", datatype: "INT64", shape: [2], data: [1, 2] }]
    })
    const mutated = fc
      .tuple(fc.nat(json.length), fc.nat(4), fc.string({ maxLength: 4 }))
      .map(([at, cut, put]) => json.slice(0, at) + put + json.slice(at + cut))
    const header = fc.option(fc.oneof(fc.nat(200).map(String), fc.string()))
    fc.assert(
      fc.property(
        fc.oneof(mutated, fc.json()),
        header,
        anyTensor,
        (text, length, { bytes }) => {
          refusal(Buffer.concat([Buffer.from(text), bytes]), length)
        }
      )
    )
  })
})
