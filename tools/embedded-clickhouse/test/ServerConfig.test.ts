import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { engineConfig } from "../src/EngineConfigFile.ts"
import { serverConfig } from "../src/ServerConfig.ts"

const directory = mkdtempSync(join(tmpdir(), "embedded-clickhouse-"))
afterAll(() => rmSync(directory, { recursive: true }))

test("flags win over the environment, which may name files", () => {
  const file = join(directory, "password")
  writeFileSync(file, "secret\n")
  const config = serverConfig(["--port=0", "--path", "/data"], {
    EMBEDDED_CLICKHOUSE_PORT: "1",
    EMBEDDED_CLICKHOUSE_PASSWORD_FILE: file,
    EMBEDDED_CLICKHOUSE_MAX_BODY: "1000"
  })
  expect(config).toMatchObject({
    port: 0,
    path: "/data",
    maxBody: 1000,
    credentials: { user: "default", password: "secret" }
  })
})

test("nothing is required, and no credentials mean none", () => {
  const config = serverConfig([], {})
  expect(config).toMatchObject({ host: "127.0.0.1", port: 8123 })
  expect(config.credentials).toBeUndefined()
})

test.each([
  ["--port=x"],
  ["--queries=0"],
  ["--max-body=-1"],
  ["--unknown=1"],
  ["stray"]
])("%s is refused", (flag) => {
  expect(() => serverConfig([flag], {})).toThrow()
})

test("the engine's configuration has the limits and escapes paths", () => {
  const config = serverConfig(["--backups=/a<b&c", "--max-memory=1000000000"], {})
  const xml = engineConfig(config)
  expect(xml).toContain("<max_server_memory_usage>1000000000</max_server_memory_usage>")
  expect(xml).toContain("<fsync_after_insert>1</fsync_after_insert>")
  expect(xml).toContain("<allowed_path>/a&lt;b&amp;c</allowed_path>")
})
