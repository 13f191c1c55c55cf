import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { JobRun } from "@analytics/batch-processor/jobs/JobRun"
import type { Format } from "@analytics/batch-processor/types/export/ExportPayload"
import { exportType } from "@analytics/batch-processor/types/export/export"
import { QueryClient } from "@analytics/batch-processor/types/export/QueryClient"
import { WatermarkClient } from "@analytics/batch-processor/types/export/WatermarkClient"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { ExportConfig } from "@analytics/config/ExportConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Layer, Redacted, Stream } from "effect"
import { jobRun, newJob } from "../../services/batch-processor/test/TestJobRun.ts"
import { openEngine } from "../queries/Engine.ts"
import { generateEvents } from "../queries/generate.ts"

/**
 * Exports of generated events into a folder, and beside them what the event store alone
 * needs to write the same rows, as it keeps them, to one file.
 */
const rows = Number((process.env["BENCH_ROWS"] ?? "1000000").split(",")[0])
const project = 1
const now = Date.UTC(2027, 0, 1)

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-bench-export-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const timed = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const begin = performance.now()
  const value = yield* effect
  return { value, seconds: (performance.now() - begin) / 1000 }
})

const perSecond = (amount: number, seconds: number) => Math.round(amount / seconds)

const program = Effect.gen(function* () {
  const { url } = yield* ClickHouseConfig
  const clickhouse = yield* ClickHouse
  const path = yield* folder
  const engine = openEngine(Redacted.value(url))
  yield* Effect.promise(() => generateEvents(engine, [project, 2], rows))
  yield* clickhouse.command("OPTIMIZE TABLE events FINAL")

  const raw = Effect.fnUntraced(function* (format: string) {
    const file = join(path, `raw.${format}`)
    const sink = Bun.file(file).writer()
    const stream = clickhouse.stream(
      "SELECT * FROM events WHERE project_id = {project:UInt32}",
      { params: { project }, format, timeout: Duration.minutes(10) }
    )
    yield* Stream.runForEach(stream, (chunk) =>
      Effect.promise(async () => {
        sink.write(chunk)
        await sink.flush()
      })
    )
    yield* Effect.promise(async () => sink.end())
    return (yield* Effect.promise(() => stat(file))).size
  })

  const exported = (format: Format) =>
    exportType
      .run({
        id: `bench-${format}`,
        projectId: project,
        payload: { what: { events: {} }, format }
      })
      .pipe(
        Effect.provideService(
          JobRun,
          jobRun(newJob(), { id: format, projectId: project })
        ),
        Effect.provide(FolderObjectStore.layerOf(join(path, "objects")))
      )

  const pairs = [
    ["parquet", "Parquet"],
    ["arrow", "ArrowStream"],
    ["ndjson", "JSONEachRow"],
    ["csv", "CSV"]
  ] as const
  // What lies on disk is in memory from here on, for both.
  yield* raw("CSV")
  for (const [format, engineFormat] of pairs) {
    const alone = yield* timed(raw(engineFormat))
    const job = yield* timed(exported(format))
    const line = {
      format,
      events: job.value.rows,
      MB: Math.round(job.value.bytes / 1e6),
      files: job.value.files,
      MBPerSecond: perSecond(job.value.bytes / 1e6, job.seconds),
      eventsPerSecond: perSecond(job.value.rows, job.seconds),
      rawMB: Math.round(alone.value / 1e6),
      rawMBPerSecond: perSecond(alone.value / 1e6, alone.seconds),
      rawEventsPerSecond: perSecond(job.value.rows, alone.seconds),
      ratioOfEvents: Number((alone.seconds / job.seconds).toFixed(2))
    }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
})

const live = Layer.mergeAll(
  TestClickHouse.client,
  ExportConfig.layerOf({ fileEvents: 250_000, retention: Duration.days(1) }),
  Layer.succeed(WatermarkClient, {
    current: Effect.succeed(now),
    changedAt: () => Effect.succeed(null)
  }),
  Layer.succeed(QueryClient, { answer: () => Effect.die("nobody is asked") })
)

await Effect.runPromise(Effect.scoped(Effect.provide(program, live)))
