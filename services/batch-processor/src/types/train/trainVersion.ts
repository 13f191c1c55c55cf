import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import { featureNames } from "@analytics/ml-models/features/featureName"
import {
  type RowsStatement,
  trainingRows
} from "@analytics/ml-models/features/featureRows"
import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import { contextAt, type Plan } from "./planTrain.ts"
import type { Payload } from "./TrainPayload.ts"
import type { RowFile } from "./trainer/RowFile.ts"
import { runTrainer } from "./trainer/runTrainer.ts"
import { TrainReport } from "./trainer/TrainReport.ts"
import { MODEL, REPORT, REQUEST, type TrainRequest } from "./trainer/TrainRequest.ts"
import { withTraitChanges } from "./traitChanges.ts"
import { noRoom, workFolder } from "./workFolder.ts"
import { writeRows } from "./writeRows.ts"

const MIB = 1024 * 1024

/** Of the trainer's process. */
export const TRAINER_MEMORY = 640 * MIB
const TRAINER_TIME = 60 * 60_000
/** Tries of some minutes each. */
const MOST_HANDOVERS = 10
/** Bytes of rows: what the trainer can hold as columns, with all that it makes of them. */
const MOST_ROWS = 64 * MIB

const program = Bun.fileURLToPath(new URL("./trainer/main.ts", import.meta.url))

/** A trained model: its file at ml-inference, and what was found. */
export const Trained = Schema.Struct({
  /** SHA-256 of the file. */
  artifact: Schema.String,
  report: TrainReport
})
export type Trained = typeof Trained.Type

interface Asked {
  readonly jobId: string
  readonly projectId: number
  readonly payload: Payload
  readonly plan: Plan
}

/** The statements of some cuts, of the parts of people that are read. */
export const rowsAt = (
  { payload, plan, projectId }: Omit<Asked, "jobId">,
  cuts: ReadonlyArray<number>,
  features = plan.features
): Effect.Effect<
  ReadonlyArray<RowsStatement>,
  JobFailed | JobUnavailable,
  ClickHouse
> =>
  Effect.flatMap(withTraitChanges(contextAt(projectId, plan.watermark)), (context) => {
    const { includeBots, known, latenessHours, population = {}, target } = payload
    return trainingRows(
      {
        features,
        population,
        target,
        cuts,
        parts: plan.parts,
        ...(includeBots === undefined ? {} : { includeBots }),
        ...(known === undefined ? {} : { known }),
        ...(latenessHours === undefined ? {} : { latenessHours })
      },
      context
    ).pipe(
      Effect.map((all) => all.filter(({ part }) => plan.read.includes(part))),
      Effect.mapError(
        ({ errors }) =>
          new JobFailed({
            detail: errors.map((it) => `${it.pointer}: ${it.detail}`).join("; ")
          })
      )
    )
  })

/**
 * Reads the rows, trains in a process of its own, and hands the file over. Nothing of it
 * outlasts a crash but the file, which is addressed by its content: the next attempt reads
 * the same rows and makes the same file.
 */
export const trainVersion = Effect.fn("Train.version")(function* (asked: Asked) {
  const { payload, plan, projectId } = asked
  const { log, progress } = yield* JobRun
  const folder = yield* workFolder(asked.jobId)
  const files = yield* rowFiles(asked, folder)
  const request: TrainRequest = {
    features: featureNames(plan.features),
    files,
    seed: payload.seed ?? 1,
    trees: { ...payload.trees }
  }
  yield* write(join(folder, REQUEST), request)
  let stage = ""
  yield* runTrainer(
    program,
    folder,
    { memory: TRAINER_MEMORY, time: TRAINER_TIME },
    (line) =>
      Effect.gen(function* () {
        if (line.stage !== stage) yield* log("info", line.stage)
        stage = line.stage
        yield* progress({ done: line.done, total: line.total, unit: line.stage })
      })
  )
  const report = yield* read(join(folder, REPORT)).pipe(
    Effect.flatMap((bytes) =>
      Effect.orDie(
        Schema.decodeEffect(Schema.fromJsonString(TrainReport))(bytes.toString("utf8"))
      )
    )
  )
  const client = yield* ModelsClient
  const bytes = yield* read(join(folder, MODEL))
  // While ml-inference is away what was learnt is kept: the step would learn it all again.
  const artifact = yield* Effect.retry(client.putArtifact(projectId, bytes), {
    while: ({ _tag }) => _tag === "JobUnavailable",
    times: MOST_HANDOVERS
  })
  const trained: Trained = { artifact, report }
  return trained
}, Effect.scoped)

const rowFiles = Effect.fnUntraced(function* (asked: Asked, folder: string) {
  const { plan } = asked
  const { log, progress } = yield* JobRun
  const files: Array<RowFile> = []
  let room = MOST_ROWS
  for (const [index, cut] of plan.cuts.entries()) {
    const statements = yield* rowsAt(asked, [cut.at])
    const { bytes, path } = yield* writeRows(folder, `cut-${index}`, statements, room)
    room -= bytes
    files.push({ path, for: cut.for })
    yield* progress({ done: index + 1, total: plan.cuts.length, unit: "cuts" })
  }
  yield* log("info", "the rows are read", { bytes: MOST_ROWS - room })
  return files
})

const write = (path: string, value: unknown) =>
  Effect.tryPromise({
    try: () => writeFile(path, JSON.stringify(value)),
    catch: noRoom
  })

const read = (path: string) =>
  Effect.tryPromise({
    try: () => readFile(path),
    catch: () =>
      new JobUnavailable({
        what: "The folder for temporary files",
        detail: "What the trainer wrote is gone."
      })
  })
