import { expect, it } from "bun:test"
import { isBatchable, makeCheck } from "../../src/serving/RequestTensors.ts"
import { cut } from "../../src/serving/rowsOf.ts"
import { floats, strings, tensor } from "../support/tensors.ts"

const signature = {
  inputs: [
    { name: "x", datatype: "FP32", shape: [-1, 2] },
    { name: "who", datatype: "BYTES", shape: [-1] },
    { name: "on", datatype: "BOOL", shape: [-1] }
  ],
  outputs: [
    { name: "y", datatype: "FP32", shape: [-1] },
    { name: "z", datatype: "FP32", shape: [-1] }
  ]
} as const
const check = makeCheck(signature)

const x = floats("x", [
  [1, 2],
  [3, 4]
])
const who = strings("who", [2], ["a", "bcd"])
const on = tensor("on", "BOOL", [2], Uint8Array.of(0, 1))

it("puts the inputs in the order of the model, and counts rows and bytes", () => {
  expect(check([on, x, who], ["z"])).toEqual({
    _tag: "Request",
    inputs: [x, who, on],
    outputs: ["z"],
    rows: 2,
    bytes: 16 + 12 + 2,
    key: expect.any(String)
  })
})

it.each([
  ["missing", [x, who], /^missing input "on"$/u],
  [
    "extra",
    [x, who, on, { ...x, name: "w" }],
    /^unexpected input "w"; .*"x", "who", "on"$/u
  ],
  ["twice", [x, who, on, x], /^input "x" is given twice$/u],
  [
    "datatype",
    [{ ...x, datatype: "FP64" as const }, who, on],
    /^input "x" is FP32, but FP64/u
  ],
  [
    "rank",
    [{ ...x, shape: [4] }, who, on],
    /^input "x" has 2 dimensions, \[-1,2\].*\[4\]/u
  ],
  [
    "dimension",
    [{ ...x, shape: [1, 4] }, who, on],
    /^input "x" has the shape \[-1,2\].*\[1,4\]/u
  ],
  [
    "negative",
    [{ ...x, shape: [-2, 2] }, who, on],
    /\[-2,2\] of input "x" .* no size$/u
  ],
  [
    "bytes",
    [{ ...x, shape: [3, 2] }, who, on],
    /^input "x" .* has 24 bytes as FP32, but 16/u
  ],
  ["strings", [x, { ...who, shape: [3] }, on], /^input "who" has 3 elements .* but 2/u],
  [
    "cut off",
    [x, { ...who, bytes: who.bytes.subarray(0, 11) }, on],
    /^an element of input "who"/u
  ],
  [
    "bool",
    [x, who, { ...on, bytes: Uint8Array.of(0, 2) }],
    /^input "on" .* neither 0 nor 1$/u
  ]
])("names what is wrong: %s", (_, inputs, message) => {
  expect(check(inputs, undefined)).toMatch(message)
})

it("refuses outputs that the model does not have", () => {
  expect(check([x, who, on], ["y", "w"])).toMatch(
    /^unexpected output "w"; .*"y", "z"$/u
  )
  expect(check([x, who, on], ["y", "y"])).toBe('output "y" is asked for twice')
})

it("lets only models with free first dimensions share runs", () => {
  const { inputs, outputs } = signature
  expect(isBatchable(signature)).toBe(true)
  const fixed = { name: "f", datatype: "FP32", shape: [1] } as const
  expect(isBatchable({ inputs: [...inputs, fixed], outputs })).toBe(false)
  expect(isBatchable({ inputs, outputs: [...outputs, fixed] })).toBe(false)
  expect(isBatchable({ inputs: [], outputs })).toBe(false)
  const uneven = check(
    [x, who, { ...on, shape: [1], bytes: Uint8Array.of(1) }],
    undefined
  )
  expect(uneven).toMatchObject({ key: undefined, rows: 2 })
})

it("cuts rows of strings and numbers without copying", () => {
  const names = strings("n", [3, 2], ["a", "", "bcd", "é", "f", "gh"])
  expect(cut(names, [1, 2])).toEqual([
    strings("n", [1, 2], ["a", ""]),
    strings("n", [2, 2], ["bcd", "é", "f", "gh"])
  ])
  expect(cut(x, [1, 1])?.map(({ bytes }) => bytes.byteLength)).toEqual([8, 8])
  expect(cut(x, [1, 2])).toBeUndefined()
})
