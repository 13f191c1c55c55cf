import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { createHash } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { clusterService } from "./ClusterService.ts"
import { startReplica } from "./Replica.ts"
import { type Deployment, replaceAll, scale, stopAll } from "./replacing.ts"
import { makeTally } from "./Tally.ts"

const KEY = "pk_a-write-key-of-this-test"
const PROPAGATION_MS = 150

/** analytics-api, as far as data-ingestion asks it for keys. */
const keyFeed = () => {
  const key = {
    keyId: "00000000-0000-4000-8000-000000000001",
    projectId: 1,
    kind: "write",
    scopes: [],
    hash: createHash("sha256").update(KEY).digest("hex"),
    expiresAt: null,
    revokedAt: null,
    projectDeletedAt: null,
    timezone: "UTC",
    settings: null
  }
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      Response.json(url.endsWith("/lookup") ? { key } : { revision: 1, keys: [key] })
  })
}

describe("data-ingestion is replaced under load", () => {
  const scope = Effect.runSync(Scope.make())
  const feed = keyFeed()
  let state = ""
  let database = ""
  let deployment: Deployment
  /** Of the replicas that are started next. */
  let drainDelay = "500 millis"

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "rolling-"))
    const built = await Effect.runPromise(
      Layer.buildWithScope(TestPostgres.layer, scope)
    )
    database = Redacted.value(Context.get(built, PostgresConfig).url)
    deployment = {
      name: "data-ingestion",
      service: await clusterService(PROPAGATION_MS),
      replicas: [],
      start: () =>
        startReplica("services/data-ingestion/src/main.ts", {
          ...process.env,
          DATABASE_URL: database,
          // Nobody listens there; events are acknowledged all the same.
          CLICKHOUSE_URL: "http://default:@127.0.0.1:1/analytics",
          ANALYTICS_API_URL: feed.url.origin,
          ADMIN_KEY: "admin-key-of-a-test-that-is-long-enough",
          SERVICE_KEY: "service-key-of-a-test-that-is-long-enough",
          STATE_DIR: state,
          HTTP_DRAIN_DELAY: drainDelay,
          LOG_LEVEL: "Warn"
        })
    }
    await scale(deployment, 1)
  }, 60_000)
  afterAll(async () => {
    if (deployment !== undefined) await stopAll([deployment])
    await feed.stop(true)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await rm(state, { recursive: true, force: true })
  }, 60_000)

  const replacedUnderLoad = async () => {
    const tally = makeTally()
    let acknowledged = 0
    for (let worker = 0; worker < 4; worker++)
      tally.client("ingestion", deployment.service.port, async (ask) => {
        const batch = Array.from({ length: 5 }, () => ({
          type: "track",
          event: "load",
          userId: "u",
          messageId: crypto.randomUUID()
        }))
        const body = { batch }
        const request = { method: "POST", path: "/v1/batch", key: KEY, body }
        const { status } = await ask(request)
        if (status === 200) acknowledged += batch.length
      })
    const codes = await replaceAll(deployment).finally(() => tally.stop())
    return { acknowledged, codes, tally }
  }

  const inInbox = async () => {
    const sql = new Bun.SQL(database)
    const [row] = await sql`SELECT coalesce(sum(events), 0)::int AS n FROM ingest.inbox`
    await sql.close()
    return Number(row.n)
  }

  it("no request fails, and each acknowledged event is there once", async () => {
    drainDelay = "0 seconds"
    const { acknowledged, codes, tally } = await replacedUnderLoad()
    expect({ codes, failures: tally.failures() }).toEqual({ codes: [0], failures: [] })
    expect(acknowledged).toBeGreaterThan(0)
    expect(await inInbox()).toBe(acknowledged)
  }, 60_000)

  it("requests fail without the drain delay, and nothing acknowledged is lost", async () => {
    const before = await inInbox()
    const { acknowledged, tally } = await replacedUnderLoad()
    expect(tally.failed()).toBeGreaterThan(0)
    expect((await inInbox()) - before).toBeGreaterThanOrEqual(acknowledged)
  }, 60_000)
})
