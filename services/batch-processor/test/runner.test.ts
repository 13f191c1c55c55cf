import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect } from "effect"
import { call, jobUntil, startRunner } from "./RunnerProcess.ts"

describe("a runner", () => {
  const it = withLayer(TestPostgres.layer)

  it.effect("takes a job by REST, runs it durably and tells how it went", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { url } = yield* startRunner()
        const made = yield* call(url, "POST", "/v1/jobs", {
          type: "noop",
          payload: { note: "hello" }
        })
        expect(made.status).toBe(202)
        expect(made.headers.get("location")).toBe(`/v1/jobs/${made.body.id}`)
        const job = yield* jobUntil(url, made.body.id, (it) => it.finishedAt !== null)
        expect(job).toMatchObject({ state: "succeeded", result: { note: "hello" } })
      })
    )
  )
})
