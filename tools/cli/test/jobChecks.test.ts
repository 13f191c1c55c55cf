import { afterAll, beforeEach, describe, expect, it } from "bun:test"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { checkJobs, checkSchedules } from "../src/doctor/jobChecks.ts"

type Answers = Record<string, ReadonlyArray<object>>

/** What the service has: jobs by state, and schedules. */
let has: Answers = {}
beforeEach(() => {
  has = {}
})

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const name = pathname.endsWith("/jobs") ? "jobs" : "schedules"
    const key = name === "jobs" ? (searchParams.get("state") ?? "") : name
    return Response.json({ [name]: has[key] ?? [], nextCursor: null })
  }
})
afterAll(() => server.stop(true))

const url = `http://127.0.0.1:${server.port}`
const key = Redacted.make("admin")
const found = (check: typeof checkJobs, at = url) =>
  Effect.runPromise(check(at, key).pipe(Effect.provide(FetchHttpClient.layer)))

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const job = (heartbeat: number | null) => ({
  createdAt: ago(60),
  heartbeatAt: heartbeat === null ? null : ago(heartbeat)
})
const schedule = (dueMinutesAgo: number | null, state: string | null) => ({
  name: "every night",
  dueSince: dueMinutesAgo === null ? null : ago(dueMinutesAgo),
  lastJob: state === null ? null : { id: "job-7", state }
})

describe("the doctor finds of jobs", () => {
  it("that all is well", async () => {
    has = { running: [job(0)], queued: [job(null)] }
    expect(await found(checkJobs)).toMatchObject({
      state: "ok",
      detail: "1 running, 1 queued, 0 parked"
    })
  })
  it("those that nobody goes on with, and those that wait for somebody", async () => {
    has = { running: [job(0), job(2)] }
    expect(await found(checkJobs)).toMatchObject({ state: "failure" })
    has = { parked: [job(2)] }
    expect(await found(checkJobs)).toMatchObject({ state: "warning" })
  })
  it("that nobody answers", async () => {
    expect(await found(checkJobs, "http://127.0.0.1:1")).toMatchObject({
      state: "failure"
    })
  })
})

describe("the doctor finds of schedules", () => {
  it("that all is well, also while one waits for its job", async () => {
    has = { schedules: [schedule(null, "succeeded"), schedule(30, "running")] }
    expect(await found(checkSchedules)).toMatchObject({ state: "ok" })
  })
  it("one that nobody starts", async () => {
    has = { schedules: [schedule(5, "succeeded")] }
    expect(await found(checkSchedules)).toMatchObject({ state: "failure" })
  })
  it("one that waits for too long, and one whose job did not succeed", async () => {
    has = { schedules: [schedule(25 * 60, "running")] }
    const stuck = await found(checkSchedules)
    expect(stuck).toMatchObject({ state: "warning" })
    expect(stuck.remedy).toContain("job-7")
    has = { schedules: [schedule(null, "parked")] }
    expect(await found(checkSchedules)).toMatchObject({ state: "warning" })
  })
})
