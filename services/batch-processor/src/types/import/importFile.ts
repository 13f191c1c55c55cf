import type { ImportConfig } from "@analytics/config/ImportConfig"
import { exportFault } from "@analytics/data-processing/import/vendors"
import { Effect } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import {
  JobFailed,
  JobRefused,
  type JobType,
  type JobUnavailable
} from "../../jobs/JobType.ts"
import { FoundFile } from "./FoundFile.ts"
import type { ImportClient } from "./ImportClient.ts"
import { ImportPayload } from "./ImportPayload.ts"
import { ImportResult } from "./ImportResult.ts"
import { ImportSources } from "./ImportSources.ts"
import { previewFile } from "./previewFile.ts"
import { sendFile } from "./sendFile.ts"

type Needs = ImportClient | ImportSources | ImportConfig

/** Reads a file into a project. */
export const importFile: JobType<typeof ImportPayload, typeof ImportResult, Needs> = {
  name: "import",
  description:
    "Reads a file of events into a project: CSV, NDJSON, Parquet, access logs or the export of another system, gzipped, zipped or not, from an upload, a folder, a bucket or another host. The rules are those of live events, times stay as they are, and a file that is imported twice is stored once.",
  of: "project",
  payload: ImportPayload,
  result: ImportResult,
  limits: {
    perProject: 2,
    inAll: 8,
    waiting: 100,
    time: 24 * 3_600_000,
    memory: 512,
    attempts: 8
  },
  check: Effect.fn("Import.check")(function* ({ payload, projectId }) {
    if (projectId === null) return
    const { mapping } = payload
    if (
      mapping !== undefined &&
      (mapping.event === undefined) === (mapping.eventColumn === undefined)
    )
      return yield* new JobRefused({
        pointer: "/mapping/event",
        detail:
          "Say which event a row is: one name in `event`, or the column that holds it in `eventColumn`."
      })
    const fault = exportFault({ ...payload, isMapped: mapping !== undefined })
    if (fault !== undefined) return yield* new JobRefused(fault)
    const sources = yield* ImportSources
    yield* sources.check(payload.source, projectId)
  }),
  run: Effect.fn("Import.run")(function* ({ id, payload, projectId }) {
    const run = yield* JobRun
    const sources = yield* ImportSources
    if (projectId === null)
      return yield* new JobFailed({ detail: "An import is of a project: name one." })
    const found = yield* run.step(
      "find",
      FoundFile,
      sources.find(payload.source, { id, projectId })
    )
    const job = { id, payload, projectId }
    const read: Effect.Effect<
      ImportResult,
      JobFailed | JobUnavailable,
      Needs | JobRun
    > = payload.dryRun === true ? previewFile(job, found) : sendFile(job, found)
    const result = yield* run.step("read", ImportResult, read)
    // Not a step: it may run as often as it likes.
    yield* sources.forget(id)
    return result
  }),
  cleanUp: Effect.fn("Import.cleanUp")(function* ({ id }) {
    yield* (yield* ImportSources).forget(id)
  })
}
