import type { Rendered } from "@analytics/reports/ReportDocument"
import { Schema } from "effect"
import { MOST_FILE, type RenderHead } from "./RenderTask.ts"

/** Bytes of the line that begins an answer. */
const MOST_HEAD = 16 * 1024

const Head: Schema.Codec<RenderHead> = Schema.Union([
  Schema.Struct({
    mediaType: Schema.String,
    extension: Schema.String,
    bytes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MOST_FILE }))
  }),
  Schema.Struct({ fault: Schema.String })
])

const decodeHead = Schema.decodeUnknownSync(Schema.fromJsonString(Head))

export type Answer = Rendered | { readonly fault: string }

/** Puts answers together of what a process writes, however it comes in pieces. */
export class AnswerReader {
  #line = new Uint8Array(0)
  #file: { readonly rendered: Rendered; held: number } | undefined

  /**
   * The answer that ends with these bytes; undefined when more must come. Throws when they
   * are not what a process that renders writes.
   */
  read(chunk: Uint8Array): Answer | undefined {
    let rest = chunk
    if (this.#file === undefined) {
      const end = rest.indexOf(10)
      const line = Buffer.concat([this.#line, end < 0 ? rest : rest.subarray(0, end)])
      if (line.byteLength > MOST_HEAD)
        throw new Error("a line of an answer is too long")
      this.#line = end < 0 ? line : new Uint8Array(0)
      if (end < 0) return undefined
      rest = rest.subarray(end + 1)
      const head = decodeHead(line.toString())
      if ("fault" in head) {
        if (rest.byteLength > 0) throw new Error("bytes follow an answer")
        return head
      }
      const { extension, mediaType } = head
      const bytes = new Uint8Array(head.bytes)
      this.#file = { rendered: { mediaType, extension, bytes }, held: 0 }
    }
    const file = this.#file
    const { bytes } = file.rendered
    if (file.held + rest.byteLength > bytes.byteLength)
      throw new Error("bytes follow an answer")
    bytes.set(rest, file.held)
    file.held += rest.byteLength
    if (file.held < bytes.byteLength) return undefined
    this.#file = undefined
    return file.rendered
  }
}
