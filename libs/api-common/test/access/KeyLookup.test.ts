import { afterAll, beforeEach, describe, expect, it } from "bun:test"
import { createServer, type Server, type Socket } from "node:net"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import { KeyLookup } from "../../src/access/KeyLookup.ts"

const key = {
  keyId: "k1",
  projectId: 1,
  kind: "secret",
  scopes: ["query"],
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null
}

type Turn = "reset" | number
/** What becomes of the next requests; the last one stays. */
let turns: Array<Turn> = []
let asked = 0

const answer = (socket: Socket) => {
  asked++
  const turn = turns.length > 1 ? turns.shift() : turns[0]
  if (turn === "reset" || turn === undefined) return socket.resetAndDestroy()
  const body = JSON.stringify(turn === 200 ? { key } : {})
  socket.end(
    `HTTP/1.1 ${turn} X\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  )
}

const listening = (server: Server) =>
  new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  )
const server = createServer((socket) => {
  socket.on("error", () => {})
  socket.once("data", () => answer(socket))
})
const port = await listening(server)
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())))

const lookup = () =>
  KeyLookup.use(({ byHash }) => byHash("00")).pipe(
    Effect.map(Option.map(({ keyId }) => keyId)),
    Effect.provide(
      KeyLookup.layer.pipe(
        Layer.provide(ServicesConfig.layer),
        Layer.provide(
          ConfigProvider.layer(
            ConfigProvider.fromUnknown({
              ANALYTICS_API_URL: `http://127.0.0.1:${port}`,
              SERVICE_KEY: "service-key-of-this-test"
            })
          )
        )
      )
    ),
    Effect.result,
    Effect.runPromise
  )

describe("a key that is looked up while analytics-api is replaced", () => {
  beforeEach(() => {
    asked = 0
  })

  it.each([
    ["reset", [503, "reset", 200]],
    ["503", [503, 503, 200]]
  ] as const)("is found by a later attempt after %s", async (_, of) => {
    turns = [...of]
    expect(await lookup()).toMatchObject({ success: Option.some("k1") })
    expect(asked).toBe(3)
  })

  it("is not known when nobody takes three requests", async () => {
    turns = [503]
    expect(await lookup()).toMatchObject({ failure: { _tag: "KeysUnavailable" } })
    expect(asked).toBe(3)
  })

  it.each([401, 404, 500])("is asked once where the answer is %d", async (status) => {
    turns = [status]
    expect(await lookup()).toMatchObject({ failure: { _tag: "KeysUnavailable" } })
    expect(asked).toBe(1)
  })
})
