import { describe, expect, it } from "bun:test"
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
    expect(await readText(request(slow), 100, 10)).toEqual({
      _tag: "Broken",
      reason: "the body took too long to come"
    })
  })

  it("counts a body as long as it says, and one that says nothing as a large one", () => {
    expect(heldBy(request("{}", { "content-length": "2" }), 100)).toBe(2)
    expect(heldBy(request("{}", { "content-length": "-" }), 100)).toBe(100)
    expect(heldBy(request(new ReadableStream()), 100)).toBe(100)
    expect(heldBy(request("{}", { "content-length": "9999" }), 100)).toBe(100)
  })
})
