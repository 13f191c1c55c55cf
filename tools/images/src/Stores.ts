import { mkdir } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import * as EmbeddedClickHouse from "@analytics/embedded-clickhouse/EmbeddedClickHouse"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { Effect } from "effect"

/** The repository's own stores on 127.0.0.1, empty, until the scope closes. */
export const startStores = Effect.fn("Stores.start")(function* (folder: string) {
  yield* Effect.promise(() => mkdir(folder, { recursive: true }))
  const [postgres, clickHouse] = yield* Effect.all(
    [
      EmbeddedPostgres.start({ dataDir: join(folder, "postgres"), durable: false }),
      EmbeddedClickHouse.start({
        dataDir: join(folder, "clickhouse"),
        password: "verify",
        durable: false
      })
    ],
    { concurrency: "unbounded" }
  )
  return {
    DATABASE_URL: postgres.url.replace(/\/postgres$/, "/analytics"),
    CLICKHOUSE_URL: `${clickHouse.url}/analytics`
  }
})

/** Ports that nobody listens on now. */
export const freePorts = (count: number) =>
  Effect.promise(async () => {
    const servers = await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const server = createServer().listen(0, "127.0.0.1", () => resolve(server))
          })
      )
    )
    return Promise.all(
      servers.map(
        (server) =>
          new Promise<number>((resolve) => {
            const address = server.address()
            const port = typeof address === "object" && address ? address.port : 0
            server.close(() => resolve(port))
          })
      )
    )
  })
