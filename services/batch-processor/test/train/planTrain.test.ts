import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { JobRun } from "../../src/jobs/JobRun.ts"
import { WatermarkClient } from "../../src/types/export/WatermarkClient.ts"
import { planTrain } from "../../src/types/train/planTrain.ts"
import { jobRun, newJob } from "../TestJobRun.ts"
import { storeBehaviour, WATERMARK } from "./behaviour.ts"

const layer = Layer.mergeAll(
  TestClickHouse.client,
  TestPostgres.client,
  Layer.succeed(WatermarkClient, {
    current: Effect.succeed(WATERMARK),
    changedAt: () => Effect.succeed(null)
  })
)

describe("the plan of a training", () => {
  const { effect } = withLayer(layer)

  effect("reads hours by the project's clocks, and keeps to them", () =>
    Effect.gen(function* () {
      const projectId = 31
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO control.projects (id, name, timezone)
                 VALUES (${projectId}, 'shop', 'Asia/Kolkata')`
      yield* storeBehaviour(projectId, 10)
      const id = crypto.randomUUID()
      const plan = planTrain(projectId, {
        model: "buys",
        target: { event: "buy", days: 7 },
        features: [
          { kind: "hour_share", fromHour: 9, toHour: 18 },
          { kind: "weekday_share", weekdays: [6, 7], timezone: "UTC" },
          { kind: "count" }
        ]
      }).pipe(Effect.provideService(JobRun, jobRun(newJob(), { id, projectId })))
      const { features } = yield* plan
      expect(features).toMatchObject([
        { timezone: "Asia/Kolkata" },
        { timezone: "UTC" },
        { kind: "count" }
      ])
      expect(features[2]).not.toHaveProperty("timezone")
    })
  )
})
