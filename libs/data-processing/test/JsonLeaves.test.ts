import { describe, expect, it } from "bun:test"
import * as fc from "fast-check"
import { lineText, readLine } from "../src/EventLine.ts"
import type { JsonObject } from "../src/ExactJson.ts"
import { flatten } from "../src/Flatten.ts"
import { decodeLine, encodeLine, type InboxEvent } from "../src/InboxEvent.ts"
import { JsonLeaves } from "../src/JsonLeaves.ts"
import { RowBuffer } from "../src/RowBuffer.ts"

const encoder = new TextEncoder()
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", ".", "\\", '"', "{", "}", "[", ",", "é", "\ud800")
  })
)
const anyObject = fc.letrec<{ object: JsonObject; value: JsonObject[string] }>(
  (tie) => ({
    object: fc.dictionary(
      fc.oneof(text, fc.constantFrom("path", "d", "c")),
      tie("value"),
      {
        noNullPrototype: true
      }
    ),
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constant(JSON.parse('{"toJSON":1}') as JsonObject),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object")
    )
  })
).object

/** The leaves in RowBinary, from values. */
const expected = (object: JsonObject) => {
  const rows = new RowBuffer(16)
  const count = flatten(object, rows)
  return { count, bytes: rows.view().slice() }
}

describe("JsonLeaves", () => {
  it("writes for the text of an object what flatten writes for the object", () => {
    const leaves = new JsonLeaves()
    fc.assert(
      fc.property(anyObject, fc.nat(5), (object, offset) => {
        const bytes = encoder.encode(" ".repeat(offset) + JSON.stringify(object))
        const rows = new RowBuffer(16)
        const count = leaves.write(bytes, offset, rows)
        expect({ count, bytes: rows.view().slice() }).toEqual(expected(object))
        const { path } = object
        expect(leaves.path).toBe(typeof path === "string" ? path : "")
      }),
      { numRuns: 1000 }
    )
  })

  it("keeps every digit", () => {
    const line = '{"a":9007199254740993,"b":{"c":18446744073709551615},"d":1e+21}'
    const rows = new RowBuffer()
    expect(new JsonLeaves().write(encoder.encode(line), 0, rows)).toBe(3)
    expect(Buffer.from(rows.view()).toString()).toBe(
      "\x01a\x109007199254740993\x03b.c\x1418446744073709551615\x01d\x051e+21"
    )
  })
})

describe("readLine", () => {
  it("reads what was encoded, wherever the properties stand", () => {
    const members = fc.record(
      {
        p: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        m: text.map((id) => id.toWellFormed()),
        t: fc.integer(),
        r: fc.integer(),
        u: text.map((id) => id.toWellFormed()),
        c: anyObject,
        q: fc.constant("nesting_too_deep" as const)
      },
      { requiredKeys: ["p", "m", "t", "r"] }
    )
    fc.assert(
      fc.property(members, fc.option(anyObject), fc.nat(3), (rest, d, place) => {
        const entries = Object.entries(rest)
        if (d !== null) entries.splice(Math.min(place, entries.length), 0, ["d", d])
        const event = Object.fromEntries(entries) as unknown as InboxEvent
        const line = encodeLine(event)
        const bytes = encoder.encode(`x\n${line}\ny`)
        const end = bytes.length - 2
        const read = readLine(bytes, 2, end)
        expect(lineText(read)).toBe(line)
        expect({ ...read.event }).toEqual({
          ...decodeLine(encodeLine({ ...event, d: {} })),
          d: undefined
        } as never)
        expect(read.propsAt < 0).toBe(d === null)
        expect(read.contextAt < 0).toBe(rest.c === undefined)
        const context = new RowBuffer()
        if (rest.c !== undefined) {
          const count = new JsonLeaves().write(bytes, read.contextAt, context)
          expect({ count, bytes: context.view().slice() }).toEqual(expected(rest.c))
        }
        if (d === null) return
        const rows = new RowBuffer()
        const count = new JsonLeaves().write(bytes, read.propsAt, rows)
        expect({ count, bytes: rows.view().slice() }).toEqual(expected(d))
      })
    )
  })

  it("refuses a line that was cut anywhere, whatever follows it", () => {
    const event = { p: 1, m: "m", t: 1, r: 2, c: { a: [1, "x"] }, d: { b: { c: "y" } } }
    const line = encodeLine({ ...event, y: "track", e: "e", u: '\u00e9"' })
    for (const after of ["", `\n${line}`]) {
      const whole = encoder.encode(line)
      for (let end = 0; end < whole.length; end++) {
        const bytes = Buffer.concat([whole.subarray(0, end), Buffer.from(after)])
        expect(() => readLine(bytes, 0, end)).toThrow()
      }
    }
  })

  it.each([
    "null",
    "[]",
    "{}",
    '{"p":1}',
    '{"p":"1","m":"m","t":1,"r":1}',
    '{"p":1,"m":"m","t":1,"r":1.5}'
  ])("refuses %s", (line) => {
    expect(() => readLine(encoder.encode(line), 0, line.length)).toThrow()
  })
})

describe("a text that was cut", () => {
  it("ends the reading of its leaves, and is told from what follows it", () => {
    const object = { a: { "b.c": [1, { d: "x" }] }, e: "f", g: 1.5, h: null, i: true }
    const whole = encoder.encode(JSON.stringify(object))
    for (let end = 1; end < whole.length; end++) {
      const cut = whole.subarray(0, end)
      expect(() => new JsonLeaves().write(cut, 0, new RowBuffer())).toThrow()
      const more = Buffer.concat([cut, Buffer.from("\n"), whole])
      expect(() => new JsonLeaves().write(more, 0, new RowBuffer(), end)).toThrow()
    }
  })
})
