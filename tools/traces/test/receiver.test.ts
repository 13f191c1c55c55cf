import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Exit, Scope } from "effect"
import { receiver } from "../src/receiver.ts"
import { TraceStore } from "../src/TraceStore.ts"

const store = new TraceStore()
const scope = Scope.makeUnsafe()
let url: string

beforeAll(async () => {
  const server = await Effect.runPromise(
    receiver(store, { port: 0 }).pipe(Effect.provideService(Scope.Scope, scope))
  )
  url = server.url.origin
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type: string) =>
  fetch(`${url}${path}`, { method: "POST", headers: { "content-type": type }, body })

/** As OpenTelemetry's own documentation has it. */
const json = (traceId: string) => ({
  resourceSpans: [
    {
      resource: {
        attributes: [{ key: "service.name", value: { stringValue: "shop" } }]
      },
      scopeSpans: [
        {
          scope: { name: "my.library" },
          spans: [
            {
              traceId,
              spanId: "EEE19B7EC3C1B174",
              parentSpanId: "EEE19B7EC3C1B173",
              name: "I'm a server span",
              startTimeUnixNano: "1544712660000000000",
              endTimeUnixNano: "1544712661000000000",
              kind: 2,
              attributes: [
                { key: "my.span.attr", value: { stringValue: "some value" } },
                { key: "http.response.status_code", value: { intValue: "503" } }
              ],
              status: { code: 2, message: "away" }
            }
          ]
        }
      ]
    }
  ]
})

describe("the receiver", () => {
  it("reads what OpenTelemetry's exporter sends", async () => {
    const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` })
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)]
    })
    const tracer = provider.getTracer("test")
    const root = tracer.startSpan("GET /a", { kind: SpanKind.SERVER }, ROOT_CONTEXT)
    const other = tracer.startSpan("other", {}, ROOT_CONTEXT)
    other.end()
    const child = tracer.startSpan(
      "ClickHouse.query",
      {
        kind: SpanKind.CLIENT,
        attributes: {
          "db.query.text": "SELECT 1",
          rows: 3,
          half: 0.5,
          ok: true,
          big: -7
        },
        links: [{ context: other.spanContext() }]
      },
      trace.setSpan(ROOT_CONTEXT, root)
    )
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no such table" })
    child.end()
    root.end()
    await provider.forceFlush()
    await provider.shutdown()
    const { traceId, spanId } = root.spanContext()
    const found = store.find(traceId)
    expect(found?.spans.map(({ name }) => name)).toEqual(["GET /a", "ClickHouse.query"])
    expect(found?.spans).toMatchObject([
      { kind: "server", parentSpanId: undefined, error: undefined },
      {
        kind: "client",
        parentSpanId: spanId,
        error: "no such table",
        links: [
          { traceId: other.spanContext().traceId, spanId: other.spanContext().spanId }
        ]
      }
    ])
    expect(found?.spans[1]?.attributes).toEqual({
      "db.query.text": "SELECT 1",
      rows: 3,
      half: 0.5,
      ok: true,
      big: -7
    })
    const shown = await fetch(`${url}/traces/${traceId}`)
    expect(await shown.json()).toMatchObject({
      traceId,
      spans: [{ name: "GET /a" }, {}]
    })
  })

  it("unpacks no more than it would take unpacked", async () => {
    const bomb = Bun.gzipSync(`${" ".repeat(20 * 1024 * 1024)}{}`)
    expect((await post("/v1/traces", bomb, "application/json")).status).toBe(400)
  })

  it("reads OTLP's JSON, and what is gzipped", async () => {
    const body = JSON.stringify(json("5B8EFFF798038103D269B633813FC60C"))
    const plain = await post("/v1/traces", body, "application/json")
    expect([plain.status, await plain.text()]).toEqual([200, "{}"])
    const other = JSON.stringify(json("6b8efff798038103d269b633813fc60c"))
    const gzipped = await post("/v1/traces", Bun.gzipSync(other), "application/json")
    expect(gzipped.status).toBe(200)
    for (const id of [
      "5b8efff798038103d269b633813fc60c",
      "6b8efff798038103d269b633813fc60c"
    ])
      expect(store.find(id)?.spans).toMatchObject([
        {
          service: "shop",
          kind: "server",
          error: "away",
          attributes: { "http.response.status_code": 503 }
        }
      ])
  })

  it("takes metrics and logs, and refuses what is not OTLP", async () => {
    const protobuf = "application/x-protobuf"
    expect((await post("/v1/metrics", new Uint8Array(), protobuf)).status).toBe(200)
    expect((await post("/v1/logs", "{}", "application/json")).status).toBe(200)
    expect((await post("/v1/traces", "{", "application/json")).status).toBe(400)
    expect(
      (await post("/v1/traces", new Uint8Array([10, 200, 1]), protobuf)).status
    ).toBe(400)
    expect((await post("/v1/other", "{}", "application/json")).status).toBe(404)
    expect((await fetch(`${url}/traces/none`)).status).toBe(404)
  })
})
