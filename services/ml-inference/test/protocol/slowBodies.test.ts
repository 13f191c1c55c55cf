import { afterAll, describe, expect, it } from "bun:test"
import { connect } from "node:net"
import { Effect } from "effect"
import { BodyTooSlow } from "../../src/protocol/ProtocolProblems.ts"
import { RequestBodies, smallBody } from "../../src/protocol/RequestBodies.ts"

/** Tells what the server makes of a body that does not end. */
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const early = await smallBody(request, 20)
    if (early !== undefined)
      return new Response(`early ${early instanceof BodyTooSlow}`)
    const use = Effect.gen(function* () {
      const bodies = yield* RequestBodies
      return yield* bodies.use(request, () => Effect.succeed("all of it"))
    })
    return use.pipe(
      Effect.catchTag("BodyTooSlow", () => Effect.succeed("too slow")),
      Effect.provide(RequestBodies.layerOf(1024 * 1024, 20)),
      Effect.map((text) => new Response(text)),
      Effect.runPromise
    )
  }
})
afterAll(() => server.stop(true))

const answerTo = (headers: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(server.port ?? 0, "127.0.0.1")
    socket.on("error", reject)
    socket.on("data", (data) => {
      resolve(data.toString().split("\r\n\r\n")[1] ?? "")
      socket.destroy()
    })
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n{`)
  })

describe("a body that does not arrive", () => {
  it.each([
    ["small", "Content-Length: 100", "early true"],
    ["large", "Content-Length: 100000", "too slow"],
    ["packed", "Content-Length: 100\r\nContent-Encoding: gzip", "too slow"]
  ])("ends the request: %s", async (_, headers, said) => {
    expect(await answerTo(headers)).toBe(said)
  })
})
