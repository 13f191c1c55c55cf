import { afterAll, expect, it } from "bun:test"
import { ReportingEngineConfig } from "@analytics/config/ReportingEngineConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Exit, Fiber, Layer, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { JobRun } from "../../src/jobs/JobRun.ts"
import { report } from "../../src/types/report/report.ts"
import { jobRun, newJob } from "../TestJobRun.ts"

const subscription = "0190a000-0000-7000-8000-000000000001"
const asked: Array<{ path: string; body: unknown; key: string | null }> = []
let answers: Array<[number, object]> = []
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    asked.push({
      path: new URL(request.url).pathname,
      body: await request.json(),
      key: request.headers.get("authorization")
    })
    const [status, body] = answers.shift() ?? [500, {}]
    return Response.json(body, { status })
  }
})
afterAll(() => server.stop(true))

const url = `http://127.0.0.1:${server.port}`
const live = Layer.mergeAll(
  ReportingEngineConfig.layerOf({ url }),
  ServicesConfig.layerOf({
    analyticsApiUrl: url,
    dataIngestionUrl: url,
    mlInferenceUrl: url,
    serviceKey: Redacted.make("service")
  }),
  FetchHttpClient.layer,
  TestClock.layer()
)

const waiting = { state: "waiting", detail: null, incomplete: null, asOf: null }
const sent = {
  state: "sent",
  detail: null,
  incomplete: true,
  asOf: "2026-03-02T05:00:00.000Z"
}

/** Runs the job, hours ahead, until all answers are used. */
const done = (kept = newJob()) =>
  Effect.gen(function* () {
    const job = { id: "0190a000-0000-7000-8000-000000000009", projectId: 7 }
    const fiber = yield* report
      .run({ ...job, payload: { subscription } })
      .pipe(Effect.provideService(JobRun, jobRun(kept, job)), Effect.forkChild)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => Bun.sleep(1))
      yield* TestClock.adjust("15 seconds")
    }
    return yield* Fiber.await(fiber)
  }).pipe(Effect.provide(live), Effect.runPromise)

it("asks for the same run until it is done, also while reporting-engine is away", async () => {
  answers = [
    [503, {}],
    [200, waiting],
    [502, {}],
    [200, waiting],
    [200, sent]
  ]
  const kept = newJob()
  const exit = await done(kept)
  expect(Option.getOrUndefined(Exit.getSuccess(exit))).toMatchObject({
    scheduledFor: new Date(0).toISOString(),
    ...sent
  })
  expect(asked.length).toBe(5)
  expect(new Set(asked.map((it) => JSON.stringify(it))).size).toBe(1)
  expect(asked[0]).toMatchObject({
    path: `/internal/v1/subscriptions/${subscription}/runs`,
    key: "Bearer service",
    body: { projectId: 7, scheduledFor: new Date(0).toISOString(), jobRun: 1 }
  })
  expect(kept.lines.length).toBe(2)
})

it("fails when the report could not be made, with the reason", async () => {
  answers = [[200, { ...waiting, state: "failed", detail: "It has no sections." }]]
  const exit = await done()
  expect(Option.getOrUndefined(Exit.findErrorOption(exit))).toMatchObject({
    _tag: "JobFailed",
    detail: "It has no sections."
  })
})
