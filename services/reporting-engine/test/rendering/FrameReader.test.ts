import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { FrameReader, framed } from "../../src/rendering/FrameReader.ts"
import { decodeAnswer } from "../../src/rendering/RenderProcess.ts"

const answers = fc.tuple(
  fc.oneof(
    fc.record({ fault: fc.constant(true as const) }),
    fc.record({ mediaType: fc.string(), extension: fc.string() })
  ),
  fc.uint8Array({ maxLength: 40 })
)

test("answers are the same, in whatever pieces they come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(answers, fc.array(fc.nat({ max: 60 }))), { maxLength: 4 }),
      (all) => {
        const reader = new FrameReader(decodeAnswer)
        for (const [[head, file], cuts] of all) {
          const bytes = Buffer.concat([...framed(head, file)])
          const answer = { head: { ...head, bytes: file.length }, bytes: file }
          const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length]
          let from = 0
          for (const to of ends.toSorted((a, b) => a - b)) {
            const read = reader.read(bytes.subarray(from, to))
            if (to < bytes.length) expect(read).toBeUndefined()
            else if (from < to) expect(read).toEqual(answer)
            from = to
          }
        }
      }
    )
  )
})

test.each([
  ["something else than an answer", "thread 'main' panicked\n"],
  ["an answer of another kind", `{"bytes":5}\n`],
  ["more bytes than there may be", `{"mediaType":"","extension":"","bytes":1e12}\n`],
  ["fewer than none", `{"mediaType":"","extension":"","bytes":-1}\n`],
  ["a line without end", "x".repeat(20_000)],
  ["bytes after a fault", `{"fault":true,"bytes":0}\nx`],
  ["bytes after a file", `{"mediaType":"","extension":"","bytes":1}\nxy`]
])("%s is refused", (_, text) => {
  expect(() => new FrameReader(decodeAnswer).read(Buffer.from(text))).toThrow()
})

test("a line that comes in small pieces has an end, too", () => {
  const reader = new FrameReader(decodeAnswer)
  expect(() => {
    for (let piece = 0; piece < 1000; piece++) reader.read(Buffer.alloc(100, "x"))
  }).toThrow("too long")
})
