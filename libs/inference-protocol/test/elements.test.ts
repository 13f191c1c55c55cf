import { describe, expect, it } from "bun:test"
import { decodeRequest } from "@analytics/inference-protocol/InferRequest"
import { encodeResponse, mostAsJson } from "@analytics/inference-protocol/InferResponse"
import { shortestFloat } from "@analytics/inference-protocol/shortestFloat"
import type { Datatype, Tensor } from "@analytics/inference-protocol/Tensor"
import {
  fromTypedArray,
  fromValues,
  numbersOf,
  textsOf,
  typedArrayOf
} from "@analytics/inference-protocol/TensorValues"
import type { Form } from "@analytics/inference-protocol/writeTensor"
import { Result } from "effect"
import fc from "fast-check"
import { bytesOf } from "./tensors.ts"

/** Reads `data` as it is written in a request, of one dimension. */
const read = (datatype: Datatype, data: string, elements: number): Tensor => {
  const text = `{"inputs": [{"name": "x", "datatype": "${datatype}", "shape": [${elements}], "data": ${data}}]}`
  const { inputs } = Result.getOrThrow(decodeRequest(Buffer.from(text), null))
  const [tensor] = inputs
  if (tensor === undefined) throw new Error("no tensor")
  return tensor
}

/** How the elements of a tensor are written in an answer. */
const write = (tensor: Tensor): string => {
  const { body } = Result.getOrThrow(
    encodeResponse({ modelName: "m", outputs: [tensor] }, () => "json")
  )
  return /"data":(.*)\}\]\}$/su.exec(String(body))?.[1] ?? ""
}

const floats = (...numbers: ReadonlyArray<number>): Tensor =>
  fromTypedArray("y", [numbers.length], Float32Array.from(numbers))

describe("outputs that are large", () => {
  const half = new Uint8Array(mostAsJson / 2 + 1)
  const large = ["y", "z"].map((name) => fromTypedArray(name, [half.length], half))

  it("are not written as JSON, because nothing else is answered meanwhile", () => {
    const answer = (forms: Readonly<Record<string, Form>>) =>
      encodeResponse(
        { modelName: "m", outputs: large },
        (name) => forms[name] ?? "json"
      )
    expect(() => Result.getOrThrow(answer({}))).toThrow(
      `more than 4194304 bytes up to "z"`
    )
    expect(Result.isSuccess(answer({ z: "binary" }))).toBe(true)
  })
})

describe("integers of 64 bits", () => {
  const extremes = "[-9223372036854775808,9223372036854775807,9007199254740993,-1,0]"

  it("keep all digits, both ways", () => {
    expect(write(read("INT64", extremes, 5))).toBe(extremes)
    const unsigned = "[18446744073709551615,9223372036854775809,7]"
    expect(write(read("UINT64", unsigned, 3))).toBe(unsigned)
  })

  it("may be written in any way that says an integer, as long as no digit is lost", () => {
    expect(write(read("INT64", "[1.0, 2e3, -0, 9007199254740991]", 4))).toBe(
      "[1,2000,0,9007199254740991]"
    )
    expect(() => read("INT64", "[1e18]", 1)).toThrow("64 bits")
    expect(() => read("INT64", "[9007199254740993.0]", 1)).toThrow("64 bits")
  })

  it("stay what they are beside numbers of other types and texts that look like them", () => {
    const text = `{"id": "9007199254740993", "parameters": {"n": 9007199254740993},
      "inputs": [
        {"name": "a", "datatype": "FP64", "shape": [2], "data": [9007199254740993, 1e300]},
        {"name": "b", "datatype": "INT64", "shape": [1], "data": [9007199254740993]},
        {"name": "c", "datatype": "BYTES", "shape": [1], "data": ["9007199254740993"]}]}`
    const { id, inputs } = Result.getOrThrow(decodeRequest(Buffer.from(text), null))
    expect(id).toBe("9007199254740993")
    expect(inputs.map(write)).toEqual([
      "[9007199254740992,1e+300]",
      "[9007199254740993]",
      '["9007199254740993"]'
    ])
  })
})

describe("floats", () => {
  it("leave with the fewest digits that are read back as the same", () => {
    expect(write(floats(0.1, 1, -2.5, 1e-45, 3.4028234663852886e38, 16_777_216))).toBe(
      "[0.1,1,-2.5,1e-45,3.4028235e+38,16777216]"
    )
    expect(write(fromTypedArray("y", [1], Float64Array.of(0.1)))).toBe("[0.1]")
  })

  it("have no shorter text than that", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const short = shortestFloat(value)
        expect(Math.fround(short)).toBe(value)
        const digits = String(Math.abs(short))
          .replace(/e.*$/u, "")
          .replace(".", "")
          .replace(/^0+|0+$/gu, "").length
        for (let fewer = 1; fewer < digits; fewer++)
          expect(Math.fround(Number(value.toPrecision(fewer)))).not.toBe(value)
      }),
      { numRuns: 2000 }
    )
  })

  it("are read back at every power of two", () => {
    for (let exponent = -149; exponent < 128; exponent++)
      for (const value of [2 ** exponent, -(2 ** exponent)])
        expect(Math.fround(shortestFloat(value))).toBe(value)
    // 1.2621774e-29 is nearer to 2^-96, but is the float below it.
    expect(shortestFloat(2 ** -96)).toBe(1.2621775e-29)
  })

  it("keep the sign of zero, and say null for NaN", () => {
    expect(write(floats(-0, 0, Number.NaN))).toBe("[-0.0,0,null]")
    expect(Object.is(numbersOf(read("FP32", "[-0.0]", 1))[0], -0)).toBe(true)
    expect(numbersOf(read("FP64", "[null, 1]", 2))).toEqual([Number.NaN, 1])
  })

  it("are refused where JSON cannot carry them", () => {
    expect(() => write(floats(1, Number.POSITIVE_INFINITY))).toThrow(
      'Element 1 of "y" is Infinity'
    )
    expect(() => read("FP32", "[1e39]", 1)).toThrow("inputs[0].data[0] is beyond")
    expect(() => read("FP64", "[1e309]", 1)).toThrow("inputs[0].data[0] is beyond")
    expect(() => read("FP32", "[NaN]", 1)).toThrow("write null for NaN")
    expect(() => read("FP32", "[-Infinity]", 1)).toThrow("write null for NaN")
    expect(() => read("FP16", "[1]", 1)).toThrow("binary data")
    const half = fromTypedArray("y", [1], Float16Array.of(1))
    expect(() => write(half)).toThrow('"y" is FP16')
  })

  it("of 16 bits are read from binary data", () => {
    const brain = {
      name: "y",
      datatype: "BF16",
      shape: [2],
      bytes: Uint8Array.of(0x80, 0x3f, 0, 0xc0)
    } as const
    expect(numbersOf(brain)).toEqual([1, -2])
    expect(numbersOf(fromTypedArray("y", [2], Float16Array.of(0.5, -3)))).toEqual([
      0.5, -3
    ])
  })
})

describe("texts", () => {
  it("are UTF-8 with their lengths before them", () => {
    const tensor = read("BYTES", '["", "é", "\\ud83d\\ude00"]', 3)
    expect(Buffer.from(tensor.bytes).toString("hex")).toBe(
      "0000000002000000c3a904000000f09f9880"
    )
    expect(textsOf(tensor)).toEqual(["", "é", "😀"])
    expect(write(tensor)).toBe('["","é","😀"]')
  })

  it("are refused where they are none", () => {
    expect(() => read("BYTES", '["\\ud83d"]', 1)).toThrow("half a surrogate pair")
    const bytes = bytesOf([Uint8Array.of(0xff)])
    const tensor = { name: "y", datatype: "BYTES", shape: [1], bytes } as const
    expect(() => write(tensor)).toThrow("not UTF-8")
  })
})

describe("typed arrays", () => {
  it("become tensors and come back, also from bytes that begin anywhere", () => {
    const array = BigInt64Array.of(1n, -(2n ** 63n))
    const tensor = fromTypedArray("x", [2], array)
    const shifted = new Uint8Array(17)
    shifted.set(tensor.bytes, 1)
    expect(typedArrayOf({ ...tensor, bytes: shifted.subarray(1) })).toEqual(array)
  })

  it("are made of values, too", () => {
    const made = fromValues("x", "UINT8", [2], [1, 256])
    expect(Result.isFailure(made) && made.failure.detail).toBe(
      "x[1] must be an integer from 0 to 255"
    )
  })
})
