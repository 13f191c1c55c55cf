import { describe, expect, it } from "bun:test"
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler
} from "@opentelemetry/sdk-trace-base"
import { KeepNotable } from "../src/KeepNotable.ts"
import { KeepSampler } from "../src/KeepSampler.ts"

const started = (
  sampler: Sampler = new TraceIdRatioBasedSampler(0),
  mostSpans = 100
) => {
  const exporter = new InMemorySpanExporter()
  const keep = new KeepNotable(new SimpleSpanProcessor(exporter), {
    errors: true,
    slowerThan: 1000,
    mostSpans
  })
  const provider = new BasicTracerProvider({
    sampler: new KeepSampler(sampler, true),
    spanProcessors: [keep]
  })
  const tracer = provider.getTracer("test")
  const root = (name: string, kind = SpanKind.SERVER, startTime = new Date()) =>
    tracer.startSpan(name, { kind, startTime }, ROOT_CONTEXT)
  const within = (parent: ReturnType<typeof root>, name: string) =>
    tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, parent))
  const exported = () =>
    exporter
      .getFinishedSpans()
      .map(({ name }) => name)
      .sort()
  return { keep, root, within, exported, exporter }
}

describe("what a sampler leaves out", () => {
  it("is let go when it went well", () => {
    const { exported, keep, root, within } = started()
    const request = root("GET /a")
    const step = within(request, "step")
    // Dealt with: the request is answered all the same.
    step.setStatus({ code: SpanStatusCode.ERROR })
    step.end()
    expect(keep.held).toBe(1)
    request.end()
    expect(exported()).toEqual([])
    expect(keep.held).toBe(0)
  })

  it("is exported whole when it failed", () => {
    const { exported, exporter, root, within } = started()
    const request = root("GET /a")
    within(request, "step").end()
    request.setStatus({ code: SpanStatusCode.ERROR })
    request.end()
    expect(exported()).toEqual(["GET /a", "step"])
    const spans = exporter.getFinishedSpans()
    expect(spans.map((span) => span.spanContext().traceFlags)).toEqual([1, 1])
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  it("is exported when it was answered with 500, or was slow", () => {
    const { exported, root } = started()
    const refused = root("refused")
    refused.setAttribute("http.response.status_code", 404)
    refused.end()
    const failed = root("failed")
    failed.setAttribute("http.response.status_code", 503)
    failed.end()
    root("slow", SpanKind.SERVER, new Date(Date.now() - 1500)).end()
    expect(exported()).toEqual(["failed", "slow"])
  })

  it("waits for steps that end after their request", () => {
    const { exported, root, within } = started()
    const request = root("GET /a")
    const late = within(request, "late")
    request.setStatus({ code: SpanStatusCode.ERROR })
    request.end()
    expect(exported()).toEqual([])
    late.end()
    expect(exported()).toEqual(["GET /a", "late"])
  })

  it("takes no more room than it may", () => {
    const { keep, root, within } = started(undefined, 100)
    // None of them ends, as when something hangs.
    for (let at = 0; at < 300; at++) {
      const request = root(`r${at}`)
      for (let step = 0; step < 3; step++) within(request, "step").end()
      expect(keep.held).toBeLessThanOrEqual(100)
    }
    const endless = root("endless")
    for (let step = 0; step < 2000; step++) within(endless, "step").end()
    expect(keep.held).toBeLessThanOrEqual(100)
    expect(keep.dropped).toBeGreaterThan(600)
  })
})

describe("what a sampler keeps", () => {
  it("is handed on as it ends", () => {
    const { exported, keep, root, within } = started(new TraceIdRatioBasedSampler(1))
    const request = root("GET /a")
    within(request, "step").end()
    expect(exported()).toEqual(["step"])
    request.end()
    expect(exported()).toEqual(["GET /a", "step"])
    expect(keep.held).toBe(0)
  })

  it("is not housekeeping, unless that fails", () => {
    const { exported, root } = started(new TraceIdRatioBasedSampler(1))
    root("look", SpanKind.INTERNAL).end()
    root("job", SpanKind.CONSUMER).end()
    const failed = root("failed look", SpanKind.INTERNAL)
    failed.setStatus({ code: SpanStatusCode.ERROR })
    failed.end()
    expect(exported()).toEqual(["failed look", "job"])
  })
})
