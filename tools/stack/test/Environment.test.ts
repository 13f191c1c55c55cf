import { describe, expect, it } from "bun:test"
import { Redacted } from "effect"
import { commonEnvironment, serviceEnvironment } from "../src/Environment.ts"
import { services } from "../src/services.ts"

const settings = {
  portBase: 5000,
  data: "/data",
  databaseUrl: undefined,
  clickhouseUrl: undefined,
  color: false,
  root: "/repo",
  only: [],
  demo: false,
  terminal: false
}
const secrets = {
  adminKey: Redacted.make("admin"),
  serviceKey: Redacted.make("service"),
  reportingSecret: Redacted.make("reporting"),
  databasePassword: Redacted.make("pg"),
  clickhousePassword: Redacted.make("ch")
}

const ingestion = services.find(({ name }) => name === "data-ingestion")
if (ingestion === undefined) throw new Error("data-ingestion is not in the list")

describe("the environment of a part", () => {
  it("says where the other parts are", () => {
    const env = commonEnvironment({}, settings, secrets)
    expect(env).toMatchObject({
      DATABASE_URL: "postgres://postgres:pg@127.0.0.1:5032/analytics",
      CLICKHOUSE_URL: "http://default:ch@127.0.0.1:5023/analytics",
      ANALYTICS_API_URL: "http://127.0.0.1:5000",
      DATA_INGESTION_URL: "http://127.0.0.1:5001",
      ADMIN_KEY: "admin",
      SERVICE_KEY: "service",
      REPORTING_SECRET: "reporting"
    })
    expect(env).not.toHaveProperty("LOADER_URL")
  })

  it("takes other stores when they are given", () => {
    const given = { ...settings, databaseUrl: "postgres://elsewhere/a" }
    expect(commonEnvironment({}, given, secrets)["DATABASE_URL"]).toBe(
      "postgres://elsewhere/a"
    )
  })

  it("keeps what the caller sets, apart from how the parts meet", () => {
    const caller = { INGEST_TEST_MODE: "true", LOG_FORMAT: "json", PORT: "80" }
    const common = commonEnvironment(caller, settings, secrets)
    expect(serviceEnvironment(common, ingestion, settings)).toMatchObject({
      INGEST_TEST_MODE: "true",
      LOG_FORMAT: "json",
      PORT: "5001",
      STATE_DIR: "/data/data-ingestion"
    })
  })

  it("never sets a variable beside its _FILE form", () => {
    const env = commonEnvironment({ ADMIN_KEY_FILE: "/run/admin" }, settings, secrets)
    expect(env["ADMIN_KEY"]).toBe("admin")
    expect(env["ADMIN_KEY_FILE"]).toBeUndefined()
  })
})
