import { describe, expect, it } from "bun:test"
import * as fc from "fast-check"
import * as ExactJson from "../src/ExactJson.ts"
import { flattenToMap } from "../src/Flatten.ts"
import { RowBuffer } from "../src/RowBuffer.ts"

const flat = (json: string) =>
  Object.fromEntries(flattenToMap(ExactJson.parse(json) as ExactJson.JsonObject))

describe("flatten", () => {
  it("keeps types, digits, dots in names, arrays and empty objects", () => {
    expect(
      flat(
        '{"cart":{"items":2,"e":{}},"a.b":"x","a":{"b":1},"tags":["p",1,null],"z":null,' +
          '"big":9007199254740993,"t":true,"date":"2025-01-01","back\\\\":{"s":1},"":0}'
      )
    ).toEqual({
      "cart.items": "2",
      "cart.e": "{}",
      "a\\.b": '"x"',
      "a.b": "1",
      tags: '["p",1,null]',
      big: "9007199254740993",
      t: "true",
      date: '"2025-01-01"',
      "back\\\\.s": "1",
      "": "0"
    })
  })

  it("gives no two leaves one path", () => {
    const name = fc.string({ unit: fc.constantFrom("a", ".", "\\"), maxLength: 4 })
    const tree = fc.letrec<{ node: ExactJson.JsonObject; value: ExactJson.Json }>(
      (tie) => ({
        node: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
        value: fc.oneof({ maxDepth: 3 }, fc.integer(), tie("node"))
      })
    ).node
    const leaves = (value: ExactJson.Json): number =>
      ExactJson.isJsonObject(value) && Object.keys(value).length > 0
        ? Object.values(value).reduce<number>((sum, member) => sum + leaves(member), 0)
        : 1
    fc.assert(
      fc.property(tree, (object) => {
        const expected = Object.keys(object).length === 0 ? 0 : leaves(object)
        expect(flattenToMap(object).size).toBe(expected)
      })
    )
  })
})

describe("RowBuffer", () => {
  it("writes any string as its length in bytes and UTF-8", () => {
    const anyText = fc.string({ unit: "binary", maxLength: 400 })
    fc.assert(
      fc.property(anyText, (text) => {
        const buffer = new RowBuffer(4)
        buffer.string(text)
        buffer.jsonString(text)
        const bytes = buffer.view()
        const read = reader(bytes)
        expect(read()).toBe(text.toWellFormed())
        expect(read()).toBe(JSON.stringify(text))
      })
    )
  })

  it("fits the size of a map of any number of entries before them", () => {
    for (const count of [0, 1, 127, 128, 20_000]) {
      const buffer = new RowBuffer(4)
      const start = buffer.beginSized()
      for (let i = 0; i < count; i++) buffer.uint8(7)
      buffer.endSized(start, count)
      const { value, next } = varint(buffer.view(), 0)
      expect(value).toBe(count)
      expect(buffer.length - next).toBe(count)
    }
  })

  it("writes negative and large times", () => {
    const buffer = new RowBuffer()
    for (const ms of [0, -1, 4_294_967_296, 1_763_851_000_123]) buffer.dateTime64(ms)
    const view = new DataView(buffer.view().buffer)
    expect([0, 8, 16, 24].map((at) => view.getBigInt64(at, true))).toEqual([
      0n,
      -1n,
      4_294_967_296n,
      1_763_851_000_123n
    ])
  })
})

const varint = (bytes: Uint8Array, from: number) => {
  let value = 0
  let next = from
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return { value, next }
  }
}

const reader = (bytes: Uint8Array) => {
  let at = 0
  return () => {
    const { value, next } = varint(bytes, at)
    at = next + value
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      bytes.subarray(next, at)
    )
  }
}
