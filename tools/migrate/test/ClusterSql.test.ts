import { describe, expect, it } from "bun:test"
import { readdir } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { shardedBy, Topology } from "@analytics/database/Topology"
import { clusterStatements } from "../src/ClusterSql.ts"
import { parse } from "../src/Migration.ts"

const topology = new Topology("c")
const folder = fileURLToPath(new URL("../../../migrations/clickhouse", import.meta.url))

const told = (sql: string, identity = "1") =>
  clusterStatements(sql, topology, identity).map((each) =>
    each.sql.replace(/\s+/g, " ").replace(/UUID '[^']+'/, "UUID")
  )

const WINDOW =
  "replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800"

describe("a migration for a cluster", () => {
  it("splits the tables that are named over shards, with a table over them", () => {
    expect(
      told("CREATE TABLE seen (hash UInt128) ENGINE = MergeTree ORDER BY hash")
    ).toEqual([
      `CREATE TABLE seen_local UUID ON CLUSTER \`c\` (hash UInt128) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY hash SETTINGS ${WINDOW}`,
      "CREATE TABLE seen ON CLUSTER `c` AS seen_local ENGINE = Distributed(`c`, currentDatabase(), seen_local, toUInt64(hash))"
    ])
  })

  it("lays every other table on every node", () => {
    expect(
      told(
        "-- why\nCREATE TABLE a (x Int8, v Int8)\nENGINE = ReplacingMergeTree(v) ORDER BY x SETTINGS index_granularity = 1"
      )
    ).toEqual([
      `CREATE TABLE a UUID ON CLUSTER \`c\` (x Int8, v Int8) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/all', '{shard}-{replica}', v) ORDER BY x SETTINGS index_granularity = 1, ${WINDOW}`
    ])
  })

  it("gives a table the same id whenever it is sent, and another one an other", () => {
    const create = "CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x"
    const of = (identity: string) =>
      clusterStatements(create, topology, identity)[0]?.sql
    expect(of("1")).toBe(of("1") ?? "")
    expect(of("1")).not.toBe(of("2") ?? "")
    expect(of("1")).toMatch(
      /UUID '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}'/
    )
  })

  it("changes columns of both tables, and all else where the rows lie", () => {
    expect(
      told("ALTER TABLE events ADD COLUMN x String CODEC(Delta(8), ZSTD(1)) AFTER y")
    ).toEqual([
      "ALTER TABLE events_local ON CLUSTER `c` ADD COLUMN x String CODEC(Delta(8), ZSTD(1)) AFTER y",
      "ALTER TABLE events ON CLUSTER `c` ADD COLUMN x String AFTER y"
    ])
    expect(told("ALTER TABLE events MATERIALIZE INDEX i")).toEqual([
      "ALTER TABLE events_local ON CLUSTER `c` MATERIALIZE INDEX i"
    ])
    // Replicas pass it on; several nodes that are told would each do it.
    expect(told("ALTER TABLE removals ADD COLUMN x Int8")).toEqual([
      "ALTER TABLE removals ADD COLUMN x Int8"
    ])
    // Replicas do not pass these on.
    expect(told("ALTER TABLE removals MODIFY SETTING a = 1")).toEqual([
      "ALTER TABLE removals ON CLUSTER `c` MODIFY SETTING a = 1"
    ])
  })

  it("drops the table over the shards first", () => {
    expect(told("DROP TABLE events")).toEqual([
      "DROP TABLE events ON CLUSTER `c` SYNC",
      "DROP TABLE events_local ON CLUSTER `c` SYNC"
    ])
    expect(told("DROP TABLE removals")).toEqual([
      "DROP TABLE removals ON CLUSTER `c` SYNC"
    ])
  })

  it("refuses what it does not know", () => {
    expect(() => told("CREATE VIEW v AS SELECT 1")).toThrow(RangeError)
    expect(() => told("RENAME TABLE events TO other")).toThrow(RangeError)
  })

  it("can be told every migration there is, and splits only what there is", async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort()
    const statements = await Promise.all(
      files.map(async (file) => {
        const { down, up } = parse(
          file,
          await Bun.file(`${folder}/${file}`).text(),
          "clickhouse"
        )
        return [...up.statements, ...down.statements]
      })
    )
    const all = statements.flat().flatMap((sql) => told(sql))
    expect(all.length).toBeGreaterThan(files.length)
    for (const [table, by] of Object.entries(shardedBy))
      expect(all.join("\n")).toContain(
        `AS ${table}_local ENGINE = Distributed(\`c\`, currentDatabase(), ${table}_local, ${by})`
      )
  })
})
