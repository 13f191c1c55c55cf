import { fileURLToPath } from "node:url"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import * as ClickHouse from "@analytics/database/ClickHouse"
import { withDatabase } from "@analytics/migrate/Databases"
import { readFolder } from "@analytics/migrate/Migration"
import { Duration, Effect, Layer, Redacted } from "effect"
import { clickHouseServer } from "./TestServers.ts"
import { testInstallation } from "./testInstallation.ts"

const folder = fileURLToPath(new URL("../../../migrations/clickhouse", import.meta.url))

const configOf = (url: Redacted.Redacted): ClickHouseConfig["Service"] => ({
  url,
  requestTimeout: Duration.seconds(30),
  poolSize: 16
})

/** A fresh, migrated database, dropped when the layer closes. */
export const layer = Layer.effect(
  ClickHouseConfig,
  Effect.gen(function* () {
    const server = Redacted.make(yield* clickHouseServer)
    const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
    const admin = yield* ClickHouse.make(configOf(withDatabase(server, "default")))
    yield* Effect.acquireRelease(
      admin.command(`CREATE DATABASE ${name} ENGINE = Atomic`),
      () => admin.command(`DROP DATABASE ${name}`).pipe(Effect.ignore)
    )
    const config = configOf(withDatabase(server, name))
    const clickhouse = yield* ClickHouse.make(config)
    for (const { up } of yield* readFolder(folder, "clickhouse"))
      yield* Effect.forEach(up.statements, (sql) => clickhouse.command(sql))
    yield* clickhouse.command("INSERT INTO installation (id) SELECT {id:UUID}", {
      params: { id: testInstallation.id }
    })
    return config
  }).pipe(Effect.withSpan("TestClickHouse.layer"))
)

/** The same with the client. */
export const client = ClickHouse.ClickHouse.layer.pipe(Layer.provideMerge(layer))
