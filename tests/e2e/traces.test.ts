import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { drawTrace } from "@analytics/traces/drawTrace"
import { receiver } from "@analytics/traces/receiver"
import type { Span } from "@analytics/traces/Span"
import { TraceStore } from "@analytics/traces/TraceStore"
import { Analytics } from "@segment/analytics-node"
import { SQL } from "bun"
import { Effect, Exit, Scope } from "effect"
import { alertRules, drawn } from "../observability/files.ts"
import { type Family, readPrometheus } from "../observability/prometheusText.ts"
import { metricsOf } from "../observability/promql.ts"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

const store = new TraceStore()
const scope = Scope.makeUnsafe()
let stack: RunningStack
let client: Client
let project: Project

beforeAll(async () => {
  const server = await Effect.runPromise(
    receiver(store, { port: 0 }).pipe(Effect.provideService(Scope.Scope, scope))
  )
  stack = await startStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: server.url.origin,
    OTEL_BSP_SCHEDULE_DELAY: "100"
  })
  client = await makeClient(stack)
  project = await client.createProject("Traced")
}, 180_000)

afterAll(async () => {
  await stack?.stop()
  await Effect.runPromise(Scope.close(scope, Exit.void))
}, 60_000)

/** Waits until the trace has such spans, or says what it has instead. */
const until = async (
  traceId: () => string | undefined,
  isThere: (spans: ReadonlyArray<Span>) => boolean
) => {
  const end = Date.now() + 45_000
  for (;;) {
    const trace = store.find(traceId() ?? "")
    if (trace !== undefined && isThere(trace.spans)) return trace
    if (Date.now() > end)
      throw new Error(
        trace === undefined
          ? `no such trace among ${store.all().length}`
          : drawTrace(trace, { color: false, width: 200 })
      )
    await Bun.sleep(50)
  }
}

const names = (spans: ReadonlyArray<Span>) =>
  new Set(spans.map(({ name, service }) => `${service} ${name}`))

/** Every span but the first has its parent in the trace: nothing is torn off. */
const tornOff = ({ spans }: { readonly spans: ReadonlyArray<Span> }, root: string) => {
  const ids = new Set([root, ...spans.map(({ spanId }) => spanId)])
  return spans.filter(({ parentSpanId }) => !ids.has(parentSpanId ?? root))
}

const random = (bytes: number) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex")

describe("one trace", () => {
  it("goes from the request of an SDK to its row in the store", async () => {
    const traceId = random(16)
    const caller = random(8)
    const analytics = new Analytics({
      writeKey: project.writeKey,
      host: client.ingestion,
      httpClient: (url, init) =>
        fetch(url, {
          ...init,
          headers: { ...init?.headers, traceparent: `00-${traceId}-${caller}-01` }
        })
    })
    analytics.track({ userId: "u1", event: "Order Completed" })
    await analytics.closeAndFlush({ timeout: 30_000 })
    await client.settled(project)
    const trace = await until(
      () => traceId,
      (spans) => names(spans).has("loader Loader.batch")
    )
    expect([...names(trace.spans)]).toEqual(
      expect.arrayContaining([
        "data-ingestion POST /v1/batch",
        "data-ingestion Inbox.commit",
        "loader Loader.batch",
        "loader ClickHouse.insert"
      ])
    )
    expect(tornOff(trace, caller)).toEqual([])
    const stored = trace.spans.filter(({ name }) => name === "ClickHouse.insert")
    expect(stored.map(({ attributes }) => attributes["db.query.text"])).toContain(
      "`events`"
    )
  }, 60_000)

  it("goes from a schedule to the queries of its report", async () => {
    const { postgres, services } = await stack.file()
    const url = services["reporting-engine"]
    const made = async (path: string, body: object) => {
      const answer = await client.call("POST", `${url}${path}`, project.secretKey, body)
      expect([path, answer.status]).toEqual([path, 201])
      return (answer.body as { readonly id: string }).id
    }
    const reportId = await made("/v1/reports", {
      template: "weekly-product",
      parameters: { range: "last_7d", timezone: "UTC", event: "Order Completed" }
    })
    const destination = await made("/v1/destinations", {
      kind: "store",
      name: "a folder",
      prefix: "weekly"
    })
    const subscription = await made("/v1/subscriptions", {
      name: "Daily",
      reportId,
      destinations: [destination],
      schedule: { cron: "0 8 * * *" },
      waitSeconds: 0,
      formats: []
    })
    const sql = new SQL(postgres)
    // As if it were that time of the day.
    const due = async () => {
      const rows = await sql`
        UPDATE jobs.schedules SET next_at = date_trunc('minute', now())
         WHERE payload->>'subscription' = ${subscription} RETURNING id`
      return rows.length > 0
    }
    const end = Date.now() + 40_000
    while (!(await due()) && Date.now() < end) await Bun.sleep(50)
    let traceId: string | undefined
    while (traceId === undefined && Date.now() < end) {
      const [job] = await sql`
        SELECT trace_id FROM jobs.jobs
         WHERE payload->>'subscription' = ${subscription}`
      traceId = job?.trace_id
      await Bun.sleep(50)
    }
    await sql.close()
    const trace = await until(
      () => traceId,
      (spans) =>
        names(spans).has("reporting-engine Sender.attempt") &&
        names(spans).has("reporting-engine SubscriptionWorker.work")
    )
    expect([...names(trace.spans)]).toEqual(
      expect.arrayContaining([
        "batch-processor Scheduler.take",
        "reporting-engine POST /internal/v1/subscriptions/:subscriptionId/runs",
        "reporting-engine SubscriptionWorker.work",
        "analytics-api POST /internal/v1/query",
        "analytics-api ClickHouse.table",
        "reporting-engine Sender.attempt"
      ])
    )
    expect(
      trace.spans.filter(({ parentSpanId }) => parentSpanId === undefined)
    ).toHaveLength(1)
  }, 120_000)
})

/** Prometheus makes this one itself. */
const ofPrometheus = new Set(["up"])
const SUFFIX = /_(?:bucket|sum|count)$/u

describe("metrics", () => {
  it("are Prometheus' text, few, and all that dashboard and alerts name", async () => {
    const { services } = await stack.file()
    const urls = Object.values(services)
    const loader = new URL(services["analytics-api"])
    loader.port = String(Number(loader.port) + 10)
    const shown = new Map<string, Family>()
    for (const url of [...urls, loader.origin]) {
      const answer = await fetch(`${url}/metrics`)
      expect(answer.headers.get("content-type")).toStartWith(
        "text/plain; version=0.0.4"
      )
      const families = readPrometheus(await answer.text())
      const series = [...families.values()].reduce(
        (sum, { samples }) => sum + samples.size,
        0
      )
      expect([url, series < 3000]).toEqual([url, true])
      for (const [name, family] of families) shown.set(name, family)
    }
    const rules = (await alertRules()).map(({ alert, expr }) => ({
      title: alert,
      expr
    }))
    const missing = [...rules, ...(await drawn())].flatMap(({ expr, title }) =>
      metricsOf(expr)
        .filter((name) => !ofPrometheus.has(name))
        .filter((name) => {
          const family = shown.get(name) ?? shown.get(name.replace(SUFFIX, ""))
          // Of a histogram only its parts are there, of others only the whole.
          return (
            family === undefined || (family.type === "histogram") !== SUFFIX.test(name)
          )
        })
        .map((name) => `${title}: ${name}`)
    )
    expect(missing).toEqual([])
  }, 30_000)
})
