import { describe, expect } from "bun:test"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as ClickHouse from "@analytics/database/ClickHouse"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { withLayer } from "@analytics/testing/effectTest"
import {
  clickHouseServer,
  postgresServer,
  temporaryFolder
} from "@analytics/testing/TestServers"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { ensureClickHouse, ensurePostgres, withDatabase } from "../src/Databases.ts"
import * as Migrator from "../src/Migrator.ts"

const real = fileURLToPath(new URL("../../../migrations", import.meta.url))

class Servers extends Context.Service<
  Servers,
  { readonly postgres: string; readonly clickhouse: string }
>()("test/Servers") {
  static readonly layer = Layer.effect(
    Servers,
    Effect.all({ postgres: postgresServer, clickhouse: clickHouseServer })
  )
}

/** Names of databases that do not exist yet, dropped in the end, and a folder of migrations. */
const place = Effect.gen(function* () {
  const servers = yield* Servers
  const name = `migrate_${crypto.randomUUID().replaceAll("-", "")}`
  const admin = {
    postgres: Redacted.make(servers.postgres),
    clickhouse: clickhouseConfig(
      withDatabase(Redacted.make(servers.clickhouse), "default")
    )
  }
  const clickhouse = yield* ClickHouse.make(admin.clickhouse)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      const postgres = yield* DirectConnection.make({ url: admin.postgres })
      yield* postgres.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      yield* clickhouse.command(`DROP DATABASE IF EXISTS ${name}`)
    }).pipe(Effect.scoped, Effect.ignore)
  )
  const configs = Context.make(PostgresConfig, {
    url: withDatabase(admin.postgres, name),
    poolSize: 2
  }).pipe(
    Context.add(
      ClickHouseConfig,
      clickhouseConfig(withDatabase(Redacted.make(servers.clickhouse), name))
    )
  )
  const folder = yield* temporaryFolder
  const target: Migrator.Target = {
    folder,
    stores: ["postgres", "clickhouse"],
    patience: "30 seconds"
  }
  const write = (file: string, up: string, down = "SELECT 1") =>
    Effect.promise(async () => {
      const path = join(folder, file)
      await mkdir(join(path, ".."), { recursive: true })
      await writeFile(path, `-- migrate:up\n${up};\n-- migrate:down\n${down};\n`)
    })
  yield* Effect.promise(async () => {
    await mkdir(join(folder, "postgres"))
    await mkdir(join(folder, "clickhouse"))
  })
  return { configs, folder, target, write }
})

const clickhouseConfig = (url: Redacted.Redacted) => ({
  url,
  requestTimeout: Duration.seconds(30),
  poolSize: 4
})

/** The two stores as they are, without the runner. */
const inspect = Effect.gen(function* () {
  const postgresConfig = yield* PostgresConfig
  const config = yield* ClickHouseConfig
  yield* ensurePostgres(postgresConfig.url)
  yield* ensureClickHouse(config)
  return {
    postgres: yield* DirectConnection.make({ url: postgresConfig.url }),
    clickhouse: yield* ClickHouse.make(config)
  }
})

describe("Migrator", () => {
  const it = withLayer(Servers.layer)

  it.effect("takes every real migration up, down and up again on both stores", () =>
    Effect.gen(function* () {
      const { configs, target } = yield* place
      const all = { ...target, folder: real }
      yield* Effect.gen(function* () {
        const up = yield* Migrator.upgrade(all)
        expect(up.length).toBeGreaterThan(5)
        expect(yield* Migrator.upgrade(all)).toEqual([])
        const down = yield* Migrator.downgradeTo(all, "0")
        expect(down.length).toBe(up.length)
        const { postgres, clickhouse } = yield* inspect
        expect(yield* clickhouse.query("SHOW TABLES")).toEqual([
          { name: "schema_migrations" }
        ])
        expect(
          yield* postgres.query(
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('control', 'ingest')"
          )
        ).toEqual([])
        expect((yield* Migrator.upgrade(all)).length).toBe(up.length)
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )

  it.effect("gives both stores one identity, once", () =>
    Effect.gen(function* () {
      const { configs, target } = yield* place
      const all = { ...target, folder: real }
      yield* Effect.gen(function* () {
        yield* Migrator.upgrade(all)
        const { postgres, clickhouse } = yield* inspect
        const ids = postgres.query<{ id: string }>("SELECT id FROM public.installation")
        const [first] = yield* ids
        expect(yield* clickhouse.query("SELECT id FROM installation")).toEqual([
          { id: first?.id }
        ])
        yield* Migrator.upgrade(all)
        expect(yield* ids).toEqual(first ? [first] : [])
        yield* postgres.query("UPDATE public.installation SET id = gen_random_uuid()")
        expect(yield* Effect.flip(Migrator.upgrade(all))).toMatchObject({
          _tag: "InstallationMismatch",
          clickhouse: first?.id
        })
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )

  it.effect(
    "refuses an empty Postgres beside a ClickHouse with events, untouched",
    () =>
      Effect.gen(function* () {
        const one = yield* place
        const all = { ...one.target, folder: real }
        yield* Migrator.upgrade(all).pipe(Effect.provide(one.configs))
        const other = yield* place
        const mixed = Context.add(
          one.configs,
          PostgresConfig,
          Context.get(other.configs, PostgresConfig)
        )
        yield* Effect.gen(function* () {
          expect(yield* Effect.flip(Migrator.upgrade(all))).toMatchObject({
            _tag: "InstallationMismatch",
            postgres: null
          })
          const { postgres } = yield* inspect
          expect(
            yield* postgres.query("SELECT version FROM schema_migrations")
          ).toEqual([])
        }).pipe(Effect.provide(mixed))
      }).pipe(Effect.scoped)
  )

  it.effect("applies each migration once when many run at the same time", () =>
    Effect.gen(function* () {
      const { configs, target, write } = yield* place
      yield* write("postgres/1_a.sql", "CREATE TABLE a (x int); SELECT pg_sleep(0.3)")
      yield* write("postgres/2_b.sql", "INSERT INTO a VALUES (1)")
      yield* write(
        "clickhouse/1_a.sql",
        "CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x"
      )
      yield* write("clickhouse/2_b.sql", "INSERT INTO a SELECT 1")
      yield* Effect.gen(function* () {
        const runs = yield* Effect.all(
          Array.from({ length: 4 }, () => Migrator.upgrade(target)),
          { concurrency: 4 }
        )
        expect(runs.map((steps) => steps.length).toSorted()).toEqual([0, 0, 0, 4])
        const { postgres, clickhouse } = yield* inspect
        expect(yield* postgres.query("SELECT x FROM a")).toEqual([{ x: 1 }])
        expect(yield* clickhouse.query("SELECT x FROM a")).toEqual([{ x: 1 }])
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a changed file before anything is applied", () =>
    Effect.gen(function* () {
      const { configs, target, write } = yield* place
      yield* write(
        "clickhouse/1_a.sql",
        "CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x"
      )
      yield* Effect.gen(function* () {
        yield* Migrator.upgrade(target)
        yield* write(
          "clickhouse/1_a.sql",
          "CREATE TABLE a (x Int16) ENGINE = MergeTree ORDER BY x"
        )
        yield* write("postgres/2_b.sql", "CREATE TABLE b (x int)")
        const error = yield* Effect.flip(Migrator.upgrade(target))
        expect(error).toMatchObject({ _tag: "HistoryConflict", store: "clickhouse" })
        expect(error.message).toContain("was changed after it was applied")
        const { postgres } = yield* inspect
        expect(yield* postgres.query("SELECT to_regclass('b') AS b")).toEqual([
          { b: null }
        ])
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )

  it.effect("takes back the newest version of both stores as one step", () =>
    Effect.gen(function* () {
      const { configs, target, write } = yield* place
      const table = "CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x"
      yield* write("postgres/1_a.sql", "CREATE TABLE a (x int)", "DROP TABLE a")
      yield* write("postgres/2_b.sql", "CREATE TABLE b (x int)", "DROP TABLE b")
      yield* write("clickhouse/2_a.sql", table, "DROP TABLE a")
      yield* Effect.gen(function* () {
        expect(yield* Migrator.upgrade(target, "1")).toMatchObject([{ version: "1" }])
        yield* Migrator.upgrade(target)
        expect(yield* Migrator.downgradeBy(target, 1)).toMatchObject([
          { store: "clickhouse", version: "2", direction: "down" },
          { store: "postgres", version: "2", direction: "down" }
        ])
        const [postgres, clickhouse] = yield* Migrator.history(target)
        expect(postgres?.entries.map((entry) => entry.applied !== null)).toEqual([
          true,
          false
        ])
        expect(clickhouse?.entries.map((entry) => entry.applied)).toEqual([null])
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )

  it.effect("leaves nothing of a Postgres migration that fails", () =>
    Effect.gen(function* () {
      const { configs, target, write } = yield* place
      yield* write("postgres/1_a.sql", "CREATE TABLE a (x int); SELECT 1 / 0")
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip(Migrator.upgrade(target))
        expect(error).toMatchObject({ _tag: "StatementFailed", version: "1" })
        expect(error.message).toContain("division by zero")
        const { postgres } = yield* inspect
        expect(yield* postgres.query("SELECT to_regclass('a') AS a")).toEqual([
          { a: null }
        ])
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )

  it.effect("runs outside a transaction what must be", () =>
    Effect.gen(function* () {
      const { configs, folder, target, write } = yield* place
      yield* write("postgres/1_a.sql", "CREATE TABLE a (x int)")
      yield* write("postgres/2_i.sql", "CREATE INDEX CONCURRENTLY i ON a (x)")
      yield* Effect.promise(async () => {
        const file = join(folder, "postgres/2_i.sql")
        const text = await readFile(file, "utf8")
        await rm(file)
        await writeFile(
          file,
          text.replace("migrate:up", "migrate:up transaction:false")
        )
      })
      yield* Effect.gen(function* () {
        const runs = yield* Effect.all(
          [Migrator.upgrade(target), Migrator.upgrade(target)],
          {
            concurrency: 2
          }
        )
        expect(runs.flat().length).toBe(2)
      }).pipe(Effect.provide(configs))
    }).pipe(Effect.scoped)
  )
})
