import { describe, expect } from "bun:test"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { withLayer } from "../src/effectTest.ts"
import * as TestClickHouse from "../src/TestClickHouse.ts"
import * as TestPostgres from "../src/TestPostgres.ts"
import { testInstallation } from "../src/testInstallation.ts"

const stores = Layer.mergeAll(TestPostgres.client, TestClickHouse.client)

describe("test databases", () => {
  const it = withLayer(stores)

  it.effect("have every migrated table", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clickhouse = yield* ClickHouse
      const schemas = yield* sql`
        SELECT schema_name FROM information_schema.schemata
         WHERE schema_name IN ('control', 'ingest') ORDER BY 1`
      expect(schemas).toEqual([{ schemaName: "control" }, { schemaName: "ingest" }])
      expect(yield* clickhouse.query("SELECT count() AS rows FROM events")).toEqual([
        { rows: "0" }
      ])
    })
  )

  it.effect("belong to one installation", () =>
    Effect.gen(function* () {
      const installation = yield* Installation
      expect(installation.id).toBe(testInstallation.id)
      expect(Redacted.value(installation.idHashKey)).toEqual(testInstallation.idHashKey)
    }).pipe(Effect.provide(Installation.layer))
  )

  it.effect("are nobody else's", () =>
    Effect.gen(function* () {
      const mine = yield* PostgresConfig
      const theirs = yield* PostgresConfig.pipe(
        Effect.provide(Layer.fresh(TestPostgres.layer))
      )
      expect(Redacted.value(theirs.url)).not.toBe(Redacted.value(mine.url))
    })
  )

  it.effect("are dropped with their layer", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const config = yield* ClickHouseConfig.pipe(
        Effect.provide(Layer.fresh(TestClickHouse.layer))
      )
      const name = new URL(Redacted.value(config.url)).pathname.slice(1)
      expect(
        yield* clickhouse.query(
          "SELECT 1 FROM system.databases WHERE name = {name:String}",
          {
            params: { name }
          }
        )
      ).toEqual([])
    })
  )
})
