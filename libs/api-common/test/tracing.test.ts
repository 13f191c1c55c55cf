import { afterAll, beforeEach, describe, expect, it } from "bun:test"
import { Effect, Layer, ManagedRuntime, Metric, Option, Schema, Tracer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { HttpApiError } from "effect/http-api"
import { Elysia } from "elysia"
import { effectPlugin } from "../src/EffectPlugin.ts"
import { sent } from "../src/WireSchema.ts"

class Missing extends HttpApiError.Problem<Missing>()("Missing", {
  type: "urn:analytics:problem:missing",
  status: 404,
  title: "Missing"
}) {}
class Away extends HttpApiError.Problem<Away>()("Away", {
  type: "urn:analytics:problem:away",
  status: 503,
  title: "Away"
}) {}

let spans: Array<Tracer.Span> = []
beforeEach(() => {
  spans = []
})
const recording = Layer.succeed(
  Tracer.Tracer,
  Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
)
const runtime = ManagedRuntime.make(Layer.merge(recording, FetchHttpClient.layer))
afterAll(() => runtime.dispose())

const Text = Schema.Struct({ said: Schema.String })
const app = new Elysia()
  .use(effectPlugin(runtime))
  .get("/good/:token", ({ run }) => run(Text, Effect.succeed({ said: "yes" }), 201), {
    response: { 201: sent(Text) }
  })
  .get("/missing", ({ run }) => run(Text, Effect.fail(new Missing({}))), {
    response: { 200: sent(Text), 404: sent(Missing) }
  })
  .get("/away", ({ run }) => run(Text, Effect.fail(new Away({}))), {
    response: { 200: sent(Text), 503: sent(Away) }
  })
  .get("/broken", ({ run }) => run(Text, Effect.die("a fault")), {
    response: { 200: sent(Text) }
  })
  .get("/made", ({ runResponse }) =>
    runResponse(Effect.succeed(new Response("made", { status: 418 })))
  )

const get = (path: string, headers: Record<string, string> = {}) =>
  app.handle(new Request(`http://localhost${path}`, { headers }))

const only = () => {
  const [span, ...more] = spans.filter(({ kind }) => kind === "server")
  expect(more).toEqual([])
  if (span?.status._tag !== "Ended") throw new Error("no span, or one without an end")
  return {
    name: span.name,
    failed: span.status.exit._tag === "Failure",
    attributes: Object.fromEntries(span.attributes),
    traceId: span.traceId,
    parent: Option.getOrUndefined(span.parent)?.spanId
  }
}

describe("the span of a request", () => {
  it("goes on with the caller's trace, and tells no path", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c"
    await get("/good/secret", { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
    expect(only()).toEqual({
      name: "GET /good/:token",
      failed: false,
      traceId,
      parent: "b7ad6b7169203331",
      attributes: {
        "http.request.method": "GET",
        "http.route": "/good/:token",
        "http.response.status_code": 201
      }
    })
  })

  it.each(["", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01"])(
    "begins a trace after traceparent %j",
    async (traceparent) => {
      expect((await get("/good/a", { traceparent })).status).toBe(201)
      expect(only().parent).toBeUndefined()
    }
  )

  it("is no error when the caller is wrong", async () => {
    expect((await get("/missing")).status).toBe(404)
    expect(only()).toMatchObject({
      failed: false,
      attributes: { "http.response.status_code": 404 }
    })
  })

  it.each([
    ["/away", 503],
    ["/broken", 500]
  ])("is one when %s answers %d", async (path, status) => {
    expect((await get(path)).status).toBe(status)
    expect(only()).toMatchObject({
      failed: true,
      attributes: { "http.response.status_code": status, "error.type": String(status) }
    })
  })
})

describe("the metric of requests", () => {
  it("counts by route and status, also of responses made by hand", async () => {
    await get("/made")
    await get("/good/a")
    const told = async () =>
      (await runtime.runPromise(Metric.snapshot))
        .filter(({ id }) => id === "http.server.request.duration")
        .map(({ attributes: of = {} }) => of)
        .map((it) => `${it["http.route"]} ${it["http.response.status_code"]}`)
    // Counted after the answer has left; other files of this process count, too.
    const wanted = ["/made 418", "/good/:token 201"]
    const areTold = async () => {
      const all = await told()
      return wanted.every((it) => all.includes(it))
    }
    const end = Date.now() + 4000
    while (!(await areTold()) && Date.now() < end) await Bun.sleep(5)
    expect(await told()).toEqual(expect.arrayContaining(wanted))
  })
})

describe("a call to another service", () => {
  it("sends the context of who makes it", async () => {
    const seen = Promise.withResolvers<string | null>()
    const other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.resolve(request.headers.get("traceparent"))
        return new Response()
      }
    })
    await runtime.runPromise(
      HttpClient.HttpClient.pipe(
        Effect.flatMap((http) => http.execute(HttpClientRequest.get(other.url.href))),
        Effect.withSpan("asks")
      )
    )
    await other.stop(true)
    const asks = spans.find(({ name }) => name === "asks")
    expect(await seen.promise).toMatch(`00-${asks?.traceId}-`)
  })
})
