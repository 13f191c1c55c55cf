import { describe, expect, it } from "bun:test"
import { ConfigProvider, Console, Effect, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import * as Observability from "../src/Observability.ts"

/** What the program logs with these settings, line by line. */
const logged = async (env: Record<string, string>, program: Effect.Effect<void>) => {
  const lines: Array<string> = []
  const console: Console.Console = {
    ...globalThis.console,
    log: (...line: ReadonlyArray<unknown>) => lines.push(line.join(" "))
  }
  await Effect.runPromise(
    program.pipe(
      Effect.provide(Observability.layer("analytics-api")),
      Effect.provideService(Console.Console, console),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnvRecord(env)
      )
    )
  )
  return lines.map((line): Record<string, unknown> => JSON.parse(line))
}

describe("logs", () => {
  it("are JSON lines that name the service, the annotations and the trace", async () => {
    const [line, ...more] = await logged(
      {},
      Effect.gen(function* () {
        yield* Effect.logDebug("too small to mention")
        yield* Effect.logError("store failed").pipe(
          Effect.annotateLogs({ projectId: 7 })
        )
      }).pipe(Effect.withSpan("request"))
    )
    expect(more).toEqual([])
    expect(line).toMatchObject({
      level: "ERROR",
      service: "analytics-api",
      message: "store failed",
      projectId: 7,
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/)
    })
  })

  it("follow LOG_LEVEL and OTEL_SERVICE_NAME", async () => {
    const lines = await logged(
      { LOG_LEVEL: "debug", OTEL_SERVICE_NAME: "api-eu" },
      Effect.logDebug("hello")
    )
    expect(lines).toMatchObject([{ level: "DEBUG", service: "api-eu" }])
  })
})

describe("telemetry", () => {
  it("goes to the collector with its headers when an endpoint is set", async () => {
    const received = new Map<string, string | null>()
    const collector = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        await request.arrayBuffer()
        received.set(new URL(request.url).pathname, request.headers.get("x-token"))
        return new Response()
      }
    })
    const traced = Effect.logInfo("work").pipe(
      Effect.withSpan("work", { kind: "server" })
    )
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}/`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-token=a%20b"
    }
    await logged({ ...env, OTEL_SDK_DISABLED: "true" }, traced)
    expect(received.size).toBe(0)
    expect(await logged(env, traced)).toMatchObject([{ message: "work" }])
    await collector.stop(true)
    expect(received.get("/v1/traces")).toBe("a b")
    expect(received.get("/v1/logs")).toBe("a b")
  })

  it("has what failed, though nothing is sampled, and nothing else", async () => {
    const bodies: Array<string> = []
    const collector = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        // Names of spans stand in protobuf as they are.
        if (new URL(request.url).pathname === "/v1/traces")
          bodies.push(Buffer.from(await request.arrayBuffer()).toString("latin1"))
        return new Response()
      }
    })
    const request = (name: string, work: Effect.Effect<void, string>) =>
      Effect.ignore(
        work.pipe(
          Effect.withSpan(`step of ${name}`),
          Effect.withSpan(name, { kind: "server" })
        )
      )
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin,
      OTEL_TRACES_SAMPLER_ARG: "0"
    }
    await logged(
      env,
      Effect.andThen(
        request("went well", Effect.void),
        request("broke", Effect.fail("away"))
      )
    )
    await logged(
      { ...env, TRACE_KEEP_ERRORS: "false" },
      request("unkept", Effect.fail(""))
    )
    await collector.stop(true)
    const all = bodies.join("")
    expect(all).toContain("step of broke")
    expect(all).toContain("deployment.environment.name")
    expect(all).not.toContain("went well")
    expect(all).not.toContain("unkept")
  })

  it("tells what failed and where, not the values, nor what the caller did wrong", async () => {
    const bodies: Array<string> = []
    const collector = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        if (new URL(request.url).pathname === "/v1/traces")
          bodies.push(Buffer.from(await request.arrayBuffer()).toString("latin1"))
        return new Response()
      }
    })
    const ended = (name: string, work: Effect.Effect<void, unknown>) =>
      Effect.exit(work.pipe(Effect.withSpan(name, { kind: "server" })))
    const cause = new Error(`row 1: "ann@example.com"`)
    await logged(
      { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin },
      Effect.all(
        [
          ended("of the caller", new Refused({ detail: "no event ann@example.com" })),
          ended(
            "of the store",
            new Broken({ reason: "6: Cannot parse 'ann@example.com'\nann@example.com" })
          ),
          ended(
            "a defect",
            Effect.die(new Error("unexpected\nann@example.com", { cause }))
          )
        ],
        { discard: true }
      )
    )
    await collector.stop(true)
    const all = bodies.join("")
    expect(all).not.toContain("ann@example.com")
    expect(all).not.toContain("no event")
    expect(all).toContain("6: Cannot parse")
    expect(all).toContain("Broken")
    expect(all).toContain("Refused")
    expect(all).toContain("Observability.test.ts:")
    expect(all.match(/exception\.message/g)).toHaveLength(2)
  })
})

class Refused extends HttpApiError.Problem<Refused>()("Refused", {
  type: "urn:analytics:problem:refused",
  status: 400,
  title: "Refused"
}) {}

class Broken extends Schema.TaggedError<Broken>()("Broken", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}
