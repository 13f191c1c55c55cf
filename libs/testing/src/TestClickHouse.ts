import { fileURLToPath } from "node:url"
import type * as ClickHouseCluster from "@analytics/clickhouse-cluster/ClickHouseCluster"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import * as ClickHouse from "@analytics/database/ClickHouse"
import { clusterStatements } from "@analytics/migrate/ClusterSql"
import { withDatabase } from "@analytics/migrate/Databases"
import { readFolder } from "@analytics/migrate/Migration"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { clickHouseServer, startCluster } from "./TestServers.ts"
import { testInstallation } from "./testInstallation.ts"

const folder = fileURLToPath(new URL("../../../migrations/clickhouse", import.meta.url))

const configOf = (
  url: Redacted.Redacted,
  cluster: string
): ClickHouseConfig["Service"] => ({
  url,
  cluster,
  requestTimeout: Duration.seconds(30),
  poolSize: 16
})

/** The test run's server, one node unless the run is over a cluster. */
const testServer = Effect.map(clickHouseServer, (url) => ({
  url,
  cluster: process.env["TEST_CLICKHOUSE_CLUSTER"] ?? ""
}))

const freshOn = Effect.fnUntraced(function* (server: {
  readonly url: string
  readonly cluster: string
}) {
  const url = Redacted.make(server.url)
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
  const admin = yield* ClickHouse.make(
    configOf(withDatabase(url, "default"), server.cluster)
  )
  const { onCluster } = admin.topology
  yield* Effect.acquireRelease(
    admin.command(`CREATE DATABASE ${name} ${onCluster} ENGINE = Atomic`),
    () => admin.command(`DROP DATABASE ${name} ${onCluster}`).pipe(Effect.ignore)
  )
  const config = configOf(withDatabase(url, name), server.cluster)
  const clickhouse = yield* ClickHouse.make(config)
  for (const { up, version } of yield* readFolder(folder, "clickhouse"))
    for (const sql of clickhouse.topology.cluster === undefined
      ? up.statements
      : up.statements.flatMap((statement, index) =>
          clusterStatements(
            statement,
            clickhouse.topology,
            `${name} ${version} ${index}`
          ).map((each) => each.sql)
        ))
      yield* clickhouse.command(sql)
  yield* clickhouse.command("INSERT INTO installation (id) SELECT {id:UUID}", {
    params: { id: testInstallation.id }
  })
  return config
})

/** A fresh, migrated database, dropped when the layer closes. */
export const layer = Layer.effect(
  ClickHouseConfig,
  testServer.pipe(Effect.flatMap(freshOn), Effect.withSpan("TestClickHouse.layer"))
)

/** The nodes of a cluster of the test's own. */
export class Cluster extends Context.Service<
  Cluster,
  ClickHouseCluster.RunningCluster
>()("@analytics/testing/TestClickHouse/Cluster") {}

/** The same on two shards, whatever the run is over, with its nodes to be disturbed. */
export const clusterLayer = Layer.effectContext(
  Effect.gen(function* () {
    const cluster = yield* startCluster(2)
    const config = yield* freshOn(cluster)
    return Context.make(Cluster, cluster).pipe(Context.add(ClickHouseConfig, config))
  }).pipe(Effect.withSpan("TestClickHouse.clusterLayer"))
)

/** The same with the client. */
export const client = ClickHouse.ClickHouse.layer.pipe(Layer.provideMerge(layer))

export const clusterClient = ClickHouse.ClickHouse.layer.pipe(
  Layer.provideMerge(clusterLayer)
)
