import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ManagedRuntime } from "effect"
import { makeApp } from "../../src/App.ts"
import { type App, ask, ingestionWith } from "../ingestionTest.ts"

const runtime = ManagedRuntime.make(
  ingestionWith({
    maxPendingBytes: 4 * 1024 * 1024,
    maxProjectPendingBytes: 1024 * 1024
  })
)
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

/** A request whose body says no length, begins and does not go on until it is ended. */
const stuck = (path: string, network: string) => {
  let end = () => {}
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode("["))
      end = () => controller.close()
    }
  })
  const headers = { "x-forwarded-for": network }
  const request = new Request(`http://localhost${path}`, {
    method: "POST",
    body,
    headers
  })
  const answer = Promise.resolve(app.handle(request))
  return { answer, end: () => end() }
}

const sendFrom = async (network: string) => {
  const json = { writeKey: "write1", batch: [{ type: "page", userId: "u" }] }
  const headers = { "x-forwarded-for": network }
  return ask(app, "/v1/batch", { json, headers })
}

describe("bodies that do not end, whose key nobody can know yet", () => {
  it("hold up who sends them, and nobody else", async () => {
    const waiting = Array.from({ length: 8 }, () => stuck("/2/httpapi", "203.0.113.1"))
    const refused = await Promise.race(waiting.map(({ answer }) => answer))
    expect(refused.status).toBe(429)
    expect(refused.headers.get("retry-after")).toBe("1")
    expect((await sendFrom("203.0.113.1")).status).toBe(429)
    expect((await sendFrom("203.0.113.2")).body).toMatchObject({ accepted: 1 })
    for (const { end } of waiting) end()
    await Promise.all(waiting.map(({ answer }) => answer))
    const free = stuck("/2/httpapi", "203.0.113.1")
    free.end()
    expect((await free.answer).status).toBe(400)
  })
})
