import {
  exportedColumns,
  exportedTypes
} from "@analytics/analytics-core/query/export/exportedEvents"
import type { ExportConfig } from "@analytics/config/ExportConfig"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Option, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import type { JobType } from "../../jobs/JobType.ts"
import { withTraitChanges } from "../train/traitChanges.ts"
import { bodyOf, checked } from "./checked.ts"
import { Payload } from "./ExportPayload.ts"
import { exportAnswer } from "./exportAnswer.ts"
import { exportEvents } from "./exportEvents.ts"
import { removeAll } from "./files.ts"
import { folderOf, type Manifest, writeManifest } from "./Manifest.ts"
import type { QueryClient } from "./QueryClient.ts"
import { WatermarkClient } from "./WatermarkClient.ts"

const Result = Schema.Struct({
  folder: Schema.String.annotate({
    description: "Of the object store; `GET /v1/jobs/{id}/files` lists it"
  }),
  watermark: Schema.String,
  files: Schema.Int,
  rows: Schema.Int,
  bytes: Schema.Int
})

/** Events, people or the answer of a query as files, and a manifest that says it is all of them. */
export const exportType: JobType<
  typeof Payload,
  typeof Result,
  ClickHouse | ObjectStore | ExportConfig | WatermarkClient | QueryClient
> = {
  name: "export",
  description:
    "Writes events, people, the members of a cohort or the answer of a query as CSV, NDJSON, Parquet or Arrow, as of one moment.",
  of: "project",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 2,
    inAll: 4,
    waiting: 50,
    time: 12 * 3_600_000,
    memory: 256,
    attempts: 5
  },
  check: ({ payload }) => checked(payload),
  run: Effect.fnUntraced(function* ({ id, payload, projectId }) {
    const { step } = yield* JobRun
    if (projectId === null) return yield* Effect.die("an export is of a project")
    const folder = folderOf(projectId, id)
    const watermark = yield* step("watermark", Schema.Int, keptWatermark)
    const { columns, files } = yield* exported({
      projectId,
      folder,
      payload,
      watermark
    })
    const manifest: Manifest = {
      format: payload.format,
      compression: payload.compression ?? "none",
      what: payload.what,
      columns,
      watermark: new Date(watermark).toISOString(),
      files,
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0)
    }
    yield* step("manifest", Schema.Void, writeManifest(folder, manifest))
    const { bytes, rows } = manifest
    return { folder, watermark: manifest.watermark, files: files.length, rows, bytes }
  }),
  cleanUp: Effect.fnUntraced(function* ({ id, projectId }) {
    if (projectId !== null) yield* removeAll(folderOf(projectId, id))
  })
}

const eventsColumns: Manifest["columns"] = exportedColumns.map((name) => ({
  name,
  type: exportedTypes[name] ?? "string"
}))

/** The same in every run of the job. */
const keptWatermark = Effect.gen(function* () {
  const kept = (yield* JobRun).checkpoint("watermark", Schema.Int)
  const known = yield* kept.read
  if (Option.isSome(known)) return known.value
  const watermark = yield* (yield* WatermarkClient).current
  yield* kept.save(watermark)
  return watermark
})

interface Asked {
  readonly projectId: number
  readonly folder: string
  readonly payload: Payload
  readonly watermark: number
}

const exported = Effect.fnUntraced(function* ({
  folder,
  payload,
  projectId,
  watermark
}: Asked) {
  const { what } = payload
  if ("events" in what) {
    const files = yield* exportEvents({
      payload,
      folder,
      events: what.events,
      context: yield* withTraitChanges({
        projectId,
        watermark,
        timezone: "UTC",
        now: watermark,
        // Whether there are any is asked of nobody: they may come while this runs.
        hasLinks: true,
        removals: true
      })
    })
    return { files, columns: eventsColumns }
  }
  const body = { ...bodyOf(what), asOf: new Date(watermark).toISOString() }
  return yield* exportAnswer({ payload, folder, projectId, body })
})
