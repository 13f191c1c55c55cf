import { describe, expect, it } from "bun:test"
import { Context, Tracer } from "effect"
import { RequestTracing } from "../../src/receive/RequestTracing.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const request = (flags?: string) =>
  new Request("http://localhost/v1/track", {
    method: "POST",
    headers:
      flags === undefined
        ? {}
        : { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` }
  })

const recording = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
const traced = () =>
  new RequestTracing(Context.make(Tracer.Tracer, recording) as Context.Context<never>)

describe("a request that brings events", () => {
  it("has a span when its caller asks for one", () => {
    const tracing = traced()
    const span = tracing.begin(request("01"), "/v1/track")
    expect(span).toMatchObject({ traceId, name: "POST /v1/track", kind: "server" })
    if (span === undefined) return
    tracing.end(span, 503)
    expect(Object.fromEntries(span.attributes)).toMatchObject({
      "http.route": "/v1/track",
      "http.response.status_code": 503,
      "error.type": "503"
    })
    expect(span.status).toMatchObject({ _tag: "Ended", exit: { _tag: "Failure" } })
  })

  it("has none without a caller that samples it, or where nobody collects", () => {
    const tracing = traced()
    expect(tracing.begin(request(), "/v1/track")).toBeUndefined()
    expect(tracing.begin(request("00"), "/v1/track")).toBeUndefined()
    const uncollected = new RequestTracing(Context.empty())
    expect(uncollected.begin(request("01"), "/v1/track")).toBeUndefined()
  })

  it("has none when too many ask at once", () => {
    const tracing = traced()
    const made = Array.from({ length: 5000 }, () =>
      tracing.begin(request("01"), "/v1/track")
    ).filter((span) => span !== undefined)
    // A second may begin meanwhile, and some on a slow machine.
    expect(made.length).toBeGreaterThanOrEqual(200)
    expect(made.length).toBeLessThan(5000)
  })
})
