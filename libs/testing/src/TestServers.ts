import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ClickHouseCluster from "@analytics/clickhouse-cluster/ClickHouseCluster"
import * as EmbeddedClickHouse from "@analytics/embedded-clickhouse/EmbeddedClickHouse"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { Effect } from "effect"

/** A folder of the scope's own. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-test-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** A throw-away Postgres server; answers its superuser's URL. */
export const startPostgres = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const server = yield* EmbeddedPostgres.start({
    dataDir: join(folder, "postgres"),
    durable: false,
    settings: { max_connections: "300", shared_buffers: "64MB" }
  })
  return server.url
}).pipe(Effect.withSpan("TestServers.startPostgres"))

/** A throw-away ClickHouse server; answers its URL without a database. */
export const startClickHouse = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const server = yield* EmbeddedClickHouse.start({
    dataDir: join(folder, "clickhouse"),
    durable: false
  })
  return server.url
}).pipe(Effect.withSpan("TestServers.startClickHouse"))

/** A throw-away cluster of ClickHouse, a shard a process. */
export const startCluster = (shards: number) =>
  Effect.gen(function* () {
    const dataDir = yield* temporaryFolder
    return yield* ClickHouseCluster.start({ dataDir, shards })
  }).pipe(Effect.withSpan("TestServers.startCluster"))

/** The test run's servers where it has some, else servers of this scope. */
export const postgresServer = Effect.suspend(() => {
  const url = process.env["TEST_DATABASE_URL"]
  return url ? Effect.succeed(url) : startPostgres
})

export const clickHouseServer = Effect.suspend(() => {
  const url = process.env["TEST_CLICKHOUSE_URL"]
  return url ? Effect.succeed(url) : startClickHouse
})
