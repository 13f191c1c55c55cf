/**
 * What tracing and counting cost the hot path, in µs of CPU each (not of the clock, so that
 * others on the machine do not count): a request, and the commit that requests share.
 */

import { measureRequests } from "@analytics/api-common/RequestMetrics"
import { inCommitSpan } from "@analytics/data-ingestion/inbox/commitSpan"
import { RequestTracing } from "@analytics/data-ingestion/receive/RequestTracing"
import * as Observability from "@analytics/observability/Observability"
import { ConfigProvider, Effect, Layer, Logger, ManagedRuntime } from "effect"

const ROUNDS = 20_000

const micros = async (work: () => Promise<void> | void) => {
  await work()
  const before = process.cpuUsage()
  await work()
  const { system, user } = process.cpuUsage(before)
  return ((user + system) / ROUNDS).toFixed(2)
}

const runtimeOf = (env: Record<string, string>) =>
  ManagedRuntime.make(
    Observability.layer("bench").pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env))),
      Layer.provideMerge(Logger.layer([]))
    )
  )

const collector = Bun.serve({ port: 0, fetch: () => new Response() })
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin }
const settings: Record<string, Record<string, string>> = {
  "no collector": {},
  "all sampled": endpoint,
  "1 % sampled, the rest let go": {
    ...endpoint,
    OTEL_TRACES_SAMPLER_ARG: "0.01",
    TRACE_KEEP_ERRORS: "false",
    TRACE_KEEP_SLOWER_THAN: "0 seconds"
  },
  "1 % sampled, errors and slow ones kept": {
    ...endpoint,
    OTEL_TRACES_SAMPLER_ARG: "0.01"
  }
}

const plain = new Request("http://localhost/v1/batch", { method: "POST" })
for (const [name, env] of Object.entries(settings)) {
  const runtime = runtimeOf(env)
  const context = await runtime.context()
  const tracing = new RequestTracing(context)
  const measure = measureRequests(runtime)
  const request = await micros(() => {
    for (let n = 0; n < ROUNDS; n++) {
      const startedAt = performance.now()
      tracing.begin(plain, "/v1/batch")
      measure("POST", "/v1/batch", 200, startedAt)
    }
  })
  const run = Effect.runPromiseWith(context)
  const bare = Number(
    await micros(async () => {
      for (let n = 0; n < ROUNDS; n++) await run(Effect.void)
    })
  )
  const commit = Number(
    await micros(async () => {
      for (let n = 0; n < ROUNDS; n++) await run(inCommitSpan(Effect.void, [{}]))
    })
  )
  process.stdout.write(
    `${name.padEnd(40)} a request ${request} µs, a commit ${(commit - bare).toFixed(2)} µs\n`
  )
  await runtime.dispose()
}
await collector.stop(true)
