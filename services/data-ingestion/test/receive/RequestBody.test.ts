import { describe, expect, it } from "bun:test"
import { gzipSync } from "node:zlib"
import { heldBy, readText } from "../../src/receive/RequestBody.ts"

const request = (
  body: string | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {}
) => new Request("http://localhost/", { method: "POST", body, headers })

describe("readText", () => {
  it("gives up on a body that does not come", async () => {
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array([0x7b]))
    })
    expect(await readText(request(slow), 100, { patience: 10 })).toEqual({
      _tag: "Late"
    })
  })

  it("asks for room before it holds more, and for what it unpacks", async () => {
    const asked: Array<number> = []
    const grow = (bytes: number) => {
      asked.push(bytes)
      return bytes <= 300_000
    }
    const chunks = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000))
    })
    expect(await readText(request(chunks), 1_000_000, { grow })).toEqual({
      _tag: "NoRoom"
    })
    expect(asked).toEqual([100_000, 200_000, 300_000, 400_000])
    const packed = new Request("http://localhost/", {
      method: "POST",
      body: new Uint8Array(gzipSync("x".repeat(400_000)))
    })
    expect(await readText(packed, 1_000_000, { grow })).toEqual({ _tag: "NoRoom" })
    expect(asked.at(-1)).toBe(400_000)
  })

  it("counts a body as long as it says, and one that says nothing as a large one", () => {
    expect(heldBy(request("{}", { "content-length": "2" }), 100)).toBe(2)
    expect(heldBy(request("{}", { "content-length": "-" }), 100)).toBe(100)
    expect(heldBy(request(new ReadableStream()), 100)).toBe(100)
    expect(heldBy(request("{}", { "content-length": "9999" }), 100)).toBe(100)
  })
})
