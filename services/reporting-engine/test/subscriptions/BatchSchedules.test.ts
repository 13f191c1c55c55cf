import { afterAll, expect, it } from "bun:test"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Layer, Redacted } from "effect"
import { BatchSchedules } from "../../src/subscriptions/BatchSchedules.ts"
import type { SubscriptionRow } from "../../src/subscriptions/SubscriptionRow.ts"
import { reportConfig } from "../delivery/DeliveryTest.ts"

let answer: { status: number; body: object } = { status: 200, body: {} }
const asked: Array<{ method: string; path: string; body: string }> = []
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const { pathname, search } = new URL(request.url)
    const body = await request.text()
    asked.push({ method: request.method, path: pathname + search, body })
    return Response.json(answer.body, { status: answer.status })
  }
})
afterAll(() => server.stop(true))

const url = `http://127.0.0.1:${server.port}`
const live = BatchSchedules.layer.pipe(
  Layer.provide([
    ReportConfig.layerOf({ ...reportConfig, batchProcessorUrl: url }),
    ServicesConfig.layerOf({
      analyticsApiUrl: url,
      dataIngestionUrl: url,
      mlInferenceUrl: url,
      serviceKey: Redacted.make("service")
    })
  ])
)

const row: SubscriptionRow = {
  id: "0190a000-0000-7000-8000-000000000001",
  projectId: 7,
  name: "Leads",
  reportId: "0190a000-0000-7000-8000-000000000002",
  parameters: {},
  formats: [],
  destinations: [],
  owners: [],
  cron: "0 8 * * 1",
  timezone: "Europe/Berlin",
  missed: "once",
  maxWaitSeconds: 0,
  revisions: 0,
  reviseEverySeconds: 60,
  reviseForSeconds: 60,
  tolerance: 0,
  skipEmpty: false,
  enabled: true,
  version: 1,
  scheduledVersion: 0,
  scheduleProblem: null,
  removedAt: null,
  createdBy: "key-1",
  createdAt: new Date(0),
  updatedAt: new Date(0)
}
const put = (status: number, body: object) => {
  answer = { status, body }
  return Effect.runPromise(
    Effect.flatMap(BatchSchedules, (batch) => Effect.result(batch.put(row))).pipe(
      Effect.provide(live)
    )
  )
}

it("has its schedule kept under its own id", async () => {
  expect((await put(200, { id: row.id, pausedAt: null }))._tag).toBe("Success")
  const path = `/internal/v1/schedules/${row.id}?projectId=7`
  expect(asked.at(-1)).toMatchObject({ method: "PUT", path })
  expect(JSON.parse(asked.at(-1)?.body ?? "")).toEqual({
    name: "Leads",
    type: "report",
    payload: { subscription: row.id },
    cron: "0 8 * * 1",
    timezone: "Europe/Berlin",
    missed: "once"
  })
})

it("says why it is not kept, or will not run", async () => {
  const failures = [
    await put(503, {}),
    await put(409, { detail: "Something else has this id." }),
    await put(200, { id: row.id, pausedAt: "2026-03-02T07:00:00.000Z" })
  ]
  expect(
    failures.map((it) => (it._tag === "Failure" ? it.failure.isRefused : it._tag))
  ).toEqual([false, true, true])
  const [, , paused] = failures
  expect(paused?._tag === "Failure" && paused.failure.detail).toContain("paused")
})
