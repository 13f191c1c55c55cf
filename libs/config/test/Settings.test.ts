import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ConfigProvider, Duration, Effect, Option, Redacted } from "effect"
import { HttpConfig } from "../src/HttpConfig.ts"
import { IngestConfig } from "../src/IngestConfig.ts"
import { ObjectStoreConfig } from "../src/ObjectStoreConfig.ts"
import * as Settings from "../src/Settings.ts"

const withEnv =
  (env: Record<string, string>) =>
  <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.provideService(
      effect,
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromEnvRecord(env)
    )

const problemsOf = <A>(
  effect: Effect.Effect<A, Settings.InvalidSettings>,
  env: Record<string, string>
) => Effect.runPromise(Effect.flip(effect).pipe(withEnv(env))).then((it) => it.problems)

const folder = { path: "" }
beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), "analytics-config-"))
})
afterAll(() => rm(folder.path, { recursive: true, force: true }))

describe("Settings.load", () => {
  const postgres = Settings.load({
    url: "DATABASE_URL",
    poolSize: "DATABASE_POOL_SIZE"
  })

  it("reads variables and falls back to the documented text", async () => {
    const values = await Effect.runPromise(
      postgres.pipe(withEnv({ DATABASE_URL: "postgres://u:p@h/d" }))
    )
    expect(Redacted.value(values.url)).toBe("postgres://u:p@h/d")
    expect(values.poolSize).toBe(10)
  })

  it("reads a variable from the file that NAME_FILE names", async () => {
    const file = join(folder.path, "url")
    await writeFile(file, "postgres://u:p@h/from-file\n")
    const values = await Effect.runPromise(
      postgres.pipe(withEnv({ DATABASE_URL_FILE: file }))
    )
    expect(Redacted.value(values.url)).toBe("postgres://u:p@h/from-file")
  })

  it("reports every problem at once, each with its remedy", async () => {
    const problems = await problemsOf(postgres, { DATABASE_POOL_SIZE: "many" })
    expect(problems).toHaveLength(2)
    expect(problems[0]).toContain("DATABASE_URL is not set.")
    expect(problems[0]).toContain("or DATABASE_URL_FILE to a file that holds it")
    expect(problems[1]).toBe(
      'DATABASE_POOL_SIZE must be a whole number from 1 to 1000, not "many".'
    )
  })

  it("refuses NAME together with NAME_FILE", async () => {
    const problems = await problemsOf(postgres, {
      DATABASE_URL: "postgres://h/d",
      DATABASE_URL_FILE: "/x"
    })
    expect(problems).toEqual([
      "DATABASE_URL and DATABASE_URL_FILE are both set; remove one of them"
    ])
  })

  it("names the file that cannot be read, or is empty", async () => {
    const missing = join(folder.path, "missing")
    expect(await problemsOf(postgres, { DATABASE_URL_FILE: missing })).toEqual([
      `DATABASE_URL_FILE names ${missing}, which cannot be read; check the path and its permissions`
    ])
    const empty = join(folder.path, "empty")
    await writeFile(empty, "\n")
    expect(await problemsOf(postgres, { DATABASE_URL_FILE: empty })).toEqual([
      `DATABASE_URL_FILE names ${empty}, which is empty`
    ])
  })

  it("never shows a secret, not even a malformed one", async () => {
    const problems = await problemsOf(postgres, { DATABASE_URL: "hunter2" })
    expect(problems).toEqual(["DATABASE_URL must be a URL (secret)."])
  })

  it("knows durations, sizes, words in any case, and flags", async () => {
    const values = await Effect.runPromise(
      Settings.load({
        timeout: "QUERY_TIMEOUT",
        memory: "QUERY_MEMORY_LIMIT",
        level: "LOG_LEVEL",
        testMode: "INGEST_TEST_MODE",
        geoip: "GEOIP_DATABASE",
        api: "ANALYTICS_API_URL",
        ratio: "OTEL_TRACES_SAMPLER_ARG"
      }).pipe(
        withEnv({
          QUERY_TIMEOUT: "1500 millis",
          QUERY_MEMORY_LIMIT: "64 MiB",
          LOG_LEVEL: "debug",
          INGEST_TEST_MODE: "TRUE",
          ANALYTICS_API_URL: "http://api:4000/",
          OTEL_TRACES_SAMPLER_ARG: "0.01"
        })
      )
    )
    expect(Duration.toMillis(values.timeout)).toBe(1500)
    expect(values).toMatchObject({
      memory: 64 * 1024 * 1024,
      level: "Debug",
      testMode: true,
      api: "http://api:4000",
      ratio: 0.01
    })
    expect(Option.isNone(values.geoip)).toBe(true)
  })

  it.each([
    ["QUERY_TIMEOUT", "soon"],
    ["QUERY_TIMEOUT", "-1 seconds"],
    ["QUERY_MEMORY_LIMIT", "big"],
    ["PORT", "0"],
    ["PORT", "80.5"],
    ["PORT", "65536"],
    ["LOG_LEVEL", "loud"],
    ["INGEST_TEST_MODE", "yes"],
    ["ANALYTICS_API_URL", "not a url"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.5"]
  ] as const)("refuses %s=%s and says what it must be", async (name, text) => {
    const problems = await problemsOf(Settings.load({ it: name }), { [name]: text })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toStartWith(`${name} must be `)
    expect(problems[0]).toEndWith(`, not ${JSON.stringify(text)}.`)
  })
})

describe("the configs", () => {
  it("listens on the port of the service unless PORT says otherwise", async () => {
    const portWith = (env: Record<string, string>) =>
      Effect.runPromise(
        HttpConfig.use((it) => Effect.succeed(it.port)).pipe(
          Effect.provide(HttpConfig.layerOnPort(4001)),
          withEnv(env)
        )
      )
    expect(await portWith({})).toBe(4001)
    expect(await portWith({ PORT: "9000" })).toBe(9000)
  })

  it("keeps objects in a folder or a bucket, and tells nobody what was written wrong", async () => {
    const config = ObjectStoreConfig.use(Effect.succeed).pipe(
      Effect.provide(ObjectStoreConfig.layer)
    )
    const place = async (url: string) =>
      (await Effect.runPromise(config.pipe(withEnv({ OBJECT_STORE_URL: url })))).place
    expect(await place(".data/objects")).toEqual({
      kind: "folder",
      path: ".data/objects"
    })
    expect(await place("file:///a%20b/c")).toEqual({ kind: "folder", path: "/a b/c" })
    expect(await place("s3://bucket")).toMatchObject({ bucket: "bucket", prefix: "" })
    expect(await place("s3://my.bucket/a/b/")).toEqual({
      kind: "bucket",
      bucket: "my.bucket",
      prefix: "a/b/"
    })
    for (const url of [
      "s3://key:secret@bucket",
      "https://host/x",
      "s3://",
      "s3://bucket/a/../x"
    ]) {
      const [problem = ""] = await problemsOf(config, { OBJECT_STORE_URL: url })
      expect(problem).toStartWith("OBJECT_STORE_URL must be a folder")
      expect(problem).not.toContain("secret")
    }
    expect(await problemsOf(config, { OBJECT_STORE_ACCESS_KEY: "alone" })).toEqual([
      expect.stringContaining("belong together")
    ])
  })

  it("refuses the test mode in production", async () => {
    const testMode = IngestConfig.use((it) => Effect.succeed(it.testMode)).pipe(
      Effect.provide(IngestConfig.layer)
    )
    const env = { INGEST_TEST_MODE: "true" }
    expect(await Effect.runPromise(testMode.pipe(withEnv(env)))).toBe(true)
    expect(await problemsOf(testMode, { ...env, NODE_ENV: "production" })).toEqual([
      expect.stringContaining("refused when NODE_ENV is production")
    ])
  })
})
