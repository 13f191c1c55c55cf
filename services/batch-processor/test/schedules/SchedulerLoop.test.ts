import { describe, expect } from "bun:test"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Schedule } from "effect"
import { call, startRunner } from "../RunnerProcess.ts"

describe("a runner", () => {
  const it = withLayer(TestPostgres.layer)

  it.effect("starts what is due, and what somebody runs now", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { url } = yield* startRunner()
        const made = yield* call(url, "POST", "/v1/schedules", {
          name: "once a year",
          type: "noop",
          payload: { note: "happy new year" },
          cron: "0 0 1 1 *"
        })
        const path = `/v1/schedules/${made.body.id}`
        const finished = call(url, "GET", path).pipe(
          Effect.map(({ body }) => body),
          Effect.filterOrFail(({ lastJob }) => lastJob?.state === "succeeded"),
          Effect.retry(Schedule.spaced("100 millis")),
          Effect.timeout("30 seconds")
        )
        expect((yield* call(url, "POST", `${path}/run`)).status).toBe(202)
        const ran = yield* finished
        expect(ran.lastJob.scheduledFor).toBeNull()

        const { url: postgres } = yield* PostgresConfig
        const sql = yield* DirectConnection.make({ url: postgres })
        yield* sql.query("UPDATE jobs.schedules SET next_at = '2026-01-01T00:00:00Z'")
        const due = finished.pipe(
          Effect.filterOrFail(({ lastJob }) => lastJob.id !== ran.lastJob.id),
          Effect.retry(Schedule.spaced("100 millis")),
          Effect.timeout("30 seconds")
        )
        expect((yield* due).lastJob.scheduledFor).toBe("2026-01-01T00:00:00.000Z")
      })
    )
  )
})
