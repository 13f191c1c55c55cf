import type { ClickHouse } from "@analytics/database/ClickHouse"
import { trainingRows } from "@analytics/ml-models/features/featureRows"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobRefused, type JobType } from "../../jobs/JobType.ts"
import type { WatermarkClient } from "../export/WatermarkClient.ts"
import type { ModelsClient } from "../models/ModelsClient.ts"
import { makeVersion } from "./makeVersion.ts"
import { contextAt, Plan, planTrain } from "./planTrain.ts"
import { Promoted, promote } from "./promote.ts"
import { Payload } from "./TrainPayload.ts"
import { TrainReport } from "./trainer/TrainReport.ts"
import { TRAINER_MEMORY, Trained, trainVersion } from "./trainVersion.ts"
import { forgetFolders } from "./workFolder.ts"

const Result = Schema.Struct({
  model: Schema.String,
  version: Schema.Int,
  ...Promoted.fields,
  watermark: Schema.String,
  cuts: Schema.Array(Schema.Struct({ at: Schema.String, for: Schema.String })),
  features: Schema.Int,
  chosen: TrainReport.fields.chosen,
  rows: TrainReport.fields.rows,
  holdout: TrainReport.fields.holdout,
  importance: TrainReport.fields.importance
})

/** Of the result; the version has all. */
const MOST_IMPORTANT = 10

/** Learns from the past of a project who will do something, and lets the better model answer. */
export const train: JobType<
  typeof Payload,
  typeof Result,
  ClickHouse | WatermarkClient | ModelsClient | SqlClient.SqlClient
> = {
  name: "train",
  description:
    "Learns from the events of a project which people will do something within some days: gradient-boosted trees beside logistic regression and the base rate, judged by the time after what was learnt from. The version becomes champion if it is better than the present one.",
  of: "project",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 2,
    waiting: 20,
    time: 3 * 3_600_000,
    memory: TRAINER_MEMORY / (1024 * 1024),
    attempts: 4
  },
  check: ({ payload }) =>
    // By any cut that lies far enough back: nothing is asked of the store.
    trainingRows(
      {
        features: payload.features ?? [{ kind: "count" }],
        population: payload.population ?? {},
        target: payload.target,
        cuts: [0]
      },
      contextAt(1, Date.UTC(2200, 0, 1))
    ).pipe(
      Effect.mapError(
        ({ errors: [first] }) =>
          new JobRefused({
            pointer: first?.pointer ?? "",
            detail: first?.detail ?? "This cannot be trained."
          })
      )
    ),
  run: Effect.fn("Train.run")(function* ({ id, payload, projectId }) {
    const { step } = yield* JobRun
    if (projectId === null) return yield* Effect.die("a training is of a project")
    const of = { jobId: id, projectId, payload }
    const plan = yield* step("plan", Plan, planTrain(projectId, payload))
    const trained = yield* step("train", Trained, trainVersion({ ...of, plan }))
    const version = yield* step(
      "version",
      Schema.Int,
      makeVersion({ ...of, plan, trained })
    )
    const { report } = trained
    const promoted = yield* step(
      "promote",
      Promoted,
      promote({ ...of, plan, version, report })
    )
    return {
      model: payload.model,
      version,
      ...promoted,
      watermark: new Date(plan.watermark).toISOString(),
      cuts: plan.cuts.map((cut) => ({
        at: new Date(cut.at).toISOString(),
        for: cut.for
      })),
      features: plan.features.length,
      chosen: report.chosen,
      rows: report.rows,
      holdout: report.holdout,
      importance: report.importance.slice(0, MOST_IMPORTANT)
    }
  }),
  cleanUp: ({ id }) => forgetFolders(id)
}
