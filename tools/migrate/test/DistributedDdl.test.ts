import { expect, it } from "bun:test"
import { createServer } from "node:net"
import { make } from "@analytics/database/ClickHouse"
import { Duration, Effect, Redacted } from "effect"
import { tellNodes } from "../src/DistributedDdl.ts"

/** The address of a server that takes requests in, and ends without an answer. */
const silent = Effect.map(
  Effect.acquireRelease(
    Effect.callback<{ readonly server: ReturnType<typeof createServer> }>((resume) => {
      const server = createServer((socket) => {
        socket.on("error", () => socket.destroy())
        socket.on("data", () => socket.destroy())
      }).listen(0, "127.0.0.1", () => resume(Effect.succeed({ server })))
    }),
    ({ server }) => Effect.sync(() => server.close())
  ),
  ({ server }) => {
    let connections = 0
    server.on("connection", () => connections++)
    const address = server.address()
    const port = typeof address === "object" ? address?.port : 0
    return { url: `http://127.0.0.1:${port}/x`, connections: () => connections }
  }
)

it("is in doubt when the connection is lost, and not sent again as if it were new", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* silent
        const clickhouse = yield* make({
          url: Redacted.make(server.url),
          cluster: "c",
          requestTimeout: Duration.seconds(10),
          poolSize: 1
        })
        const error = yield* Effect.flip(
          tellNodes(clickhouse, "CREATE TABLE a ON CLUSTER c", false)
        )
        // Without a code nobody takes it for a refusal, which has changed nothing.
        expect(error).toMatchObject({ _tag: "ClickHouseError", kind: "transient" })
        expect(error).not.toHaveProperty("code", expect.anything())
        expect(server.connections()).toBe(1)
      })
    )
  ))
