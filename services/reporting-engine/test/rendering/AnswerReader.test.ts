import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { type Answer, AnswerReader } from "../../src/rendering/AnswerReader.ts"

const written = (answer: Answer): Uint8Array => {
  if ("fault" in answer) return Buffer.from(`${JSON.stringify(answer)}\n`)
  const { bytes, extension, mediaType } = answer
  const head = { mediaType, extension, bytes: bytes.byteLength }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes])
}

const answers = fc.oneof(
  fc.record({ fault: fc.string() }),
  fc.record({
    mediaType: fc.string(),
    extension: fc.string(),
    bytes: fc.uint8Array({ maxLength: 40 })
  })
)

test("answers are the same, in whatever pieces they come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(answers, fc.array(fc.nat({ max: 60 }))), { maxLength: 4 }),
      (all) => {
        const reader = new AnswerReader()
        for (const [answer, cuts] of all) {
          const bytes = written(answer)
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
  ["bytes after a fault", `{"fault":"no"}\nx`],
  ["bytes after a file", `{"mediaType":"","extension":"","bytes":1}\nxy`]
])("%s is refused", (_, text) => {
  expect(() => new AnswerReader().read(Buffer.from(text))).toThrow()
})

test("a line that comes in small pieces has an end, too", () => {
  const reader = new AnswerReader()
  expect(() => {
    for (let piece = 0; piece < 1000; piece++) reader.read(Buffer.alloc(100, "x"))
  }).toThrow("too long")
})
