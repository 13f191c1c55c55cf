import { expect, it } from "bun:test"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Fiber, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { JobRun } from "../../src/jobs/JobRun.ts"
import { cohortRefresh } from "../../src/types/cohort-refresh/cohortRefresh.ts"
import { jobRun, type KeptJob, newJob, retry } from "../TestJobRun.ts"

const id = "018f2a6c-0000-7000-8000-00000000000a"
const [a, b, c] = ["a", "b", "c"].map(
  (last) => `018f2a6c-0000-7000-8000-00000000c00${last}`
) as [string, string, string]

interface Asked {
  readonly cohortId: string
  readonly refreshId: string
}

/** An analytics-api with the cohorts a, b and c. */
const withApi = async (
  answer: (asked: Asked, number: number) => Response | Promise<Response>,
  use: (
    run: (kept: KeptJob, cohortId?: string) => Effect.Effect<unknown, unknown>
  ) => Promise<void>
) => {
  let number = 0
  const server = Bun.serve({
    port: 0,
    fetch: async (request) => {
      if (request.headers.get("authorization") !== "Bearer service")
        return new Response("no", { status: 401 })
      const { pathname, search } = new URL(request.url)
      if (`${pathname}${search}` === "/internal/v1/cohorts?projectId=7")
        return Response.json({ cohortIds: [a, b, c] })
      return answer((await request.json()) as Asked, ++number)
    }
  })
  const url = server.url.href.replace(/\/$/u, "")
  await use((kept, cohortId) =>
    cohortRefresh
      .run({ id, projectId: 7, payload: cohortId === undefined ? {} : { cohortId } })
      .pipe(
        Effect.provideService(JobRun, jobRun(kept, { id, projectId: 7 })),
        Effect.provideService(ServicesConfig, {
          dataIngestionUrl: url,
          mlInferenceUrl: url,
          analyticsApiUrl: url,
          serviceKey: Redacted.make("service")
        }),
        Effect.provide(FetchHttpClient.layer)
      )
  ).finally(() => server.stop(true))
}

const watermark = "2026-11-23T00:00:00.000Z"
const done = (people: number) => Response.json({ state: "done", people, watermark })
const none = { people: 0, asOf: null }

it("asks until a refresh has ended, and leaves out what fails", () =>
  withApi(
    ({ cohortId, refreshId }, number) => {
      expect(refreshId).toBe(id)
      if (number <= 2) return Response.json({ state: "running" })
      if (cohortId === b) return new Response("too large", { status: 409 })
      return done(cohortId === a ? 3 : 4)
    },
    async (run) => {
      const kept = newJob()
      expect(await Effect.runPromise(run(kept))).toEqual({
        people: 7,
        cohorts: [
          { cohortId: a, people: 3, asOf: watermark, failure: null },
          { cohortId: b, ...none, failure: expect.stringContaining("too large") },
          { cohortId: c, people: 4, asOf: watermark, failure: null }
        ]
      })
      expect(kept.progress).toMatchObject({ done: 7, unit: "people" })
      expect(kept.lines).toMatchObject([{ level: "error" }])
    }
  ))

it("ends the job of a single cohort with its failure", () =>
  withApi(
    () => new Response("There is no such cohort", { status: 404 }),
    async (run) => {
      const failure = await Effect.runPromise(Effect.flip(run(newJob(), b)))
      expect(failure).toMatchObject({ _tag: "JobFailed" })
    }
  ))

it("does not ask again about cohorts that were done before a crash", async () => {
  const asked: Array<string> = []
  const { promise: silence, resolve: speak } = Promise.withResolvers<void>()
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  let isBroken = true
  await withApi(
    async ({ cohortId }) => {
      asked.push(cohortId)
      if (cohortId === b && isBroken) {
        arrive()
        await silence
      }
      return done(1)
    },
    async (run) => {
      const kept = newJob()
      const fiber = Effect.runFork(run(kept))
      await arrived
      await Effect.runPromise(Fiber.interrupt(fiber))
      isBroken = false
      speak()
      expect(await Effect.runPromise(run(kept))).toMatchObject({ people: 3 })
      expect(asked).toEqual([a, b, b, c])
      retry(kept)
      expect(await Effect.runPromise(run(kept))).toMatchObject({ people: 3 })
    }
  )
})
