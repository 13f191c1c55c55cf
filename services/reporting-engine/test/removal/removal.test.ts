import { describe, expect } from "bun:test"
import { mkdtempSync, utimesSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import { ReportConfig } from "@analytics/config/ReportConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Logger, Schedule, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { RunFiles } from "../../src/files/RunFiles.ts"
import * as Removal from "../../src/removal/Removal.ts"
import { removeDeleted } from "../../src/removal/removeDeleted.ts"
import { removeOldFiles, removeOldRuns } from "../../src/removal/removeOld.ts"
import { RunRepo } from "../../src/runs/RunRepo.ts"
import { reportConfig } from "../delivery/DeliveryTest.ts"

const folder = mkdtempSync(join(tmpdir(), "analytics-removal-"))
const { effect } = withLayer(
  Layer.merge(RunRepo.layer, RunFiles.layer).pipe(
    Layer.provideMerge(ReportConfig.layerOf(reportConfig)),
    Layer.provideMerge(FolderObjectStore.layerOf(folder)),
    Layer.provideMerge(TestPostgres.client),
    Layer.provideMerge(Logger.layer([]))
  )
)

/** How many rows each table of the schema has of a project. */
const rowsByTable = Effect.fnUntraced(function* (projectId: number) {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string }>`
    SELECT DISTINCT c.table_name AS name
      FROM information_schema.columns AS c
      JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.table_schema = 'reports' AND t.table_type = 'BASE TABLE'`
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    // A table that does not say whose its rows are could never be emptied of a project's.
    const [row] = yield* sql<{ n: bigint }>`
      SELECT count(*) AS n FROM ${sql.literal(`reports.${name}`)}
       WHERE project_id = ${projectId}::int`
    counts[name] = Number(row?.n)
  }
  return counts
})

const fill = Effect.fnUntraced(function* (projectId: number) {
  const sql = yield* SqlClient.SqlClient
  const id = sql`${projectId}::int`
  yield* sql`
    WITH report AS (
      INSERT INTO reports.definitions
        (id, project_id, name, definition, created_by, updated_by)
      VALUES (gen_random_uuid(), ${id}, 'Week', '{}', 'k', 'k') RETURNING *
    ), version AS (
      INSERT INTO reports.definition_versions
        (definition_id, version, project_id, name, definition, created_by)
      SELECT id, 1, ${id}, name, definition, 'k' FROM report
    )
    INSERT INTO reports.runs
      (id, project_id, report_id, name, parameters, formats, reason, state, created_by)
    SELECT gen_random_uuid(), ${id}, id, name, '{}', '{pdf}', 'manual', 'succeeded', 'k'
      FROM report`
  yield* sql`
    INSERT INTO reports.destinations (id, project_id, name, kind, settings, created_by)
    VALUES (gen_random_uuid(), ${id}, 'Team', 'email', '{}', 'k')`
  yield* sql`
    WITH message AS (
      INSERT INTO reports.messages (id, project_id, about, content)
      VALUES (gen_random_uuid(), ${id}, 'a', '{}') RETURNING *
    ), delivery AS (
      INSERT INTO reports.deliveries
        (id, project_id, message_id, about, topic, destination_id, channel, recipient,
         due_at)
      SELECT gen_random_uuid(), ${id}, id, 'a', 't', gen_random_uuid(), 'email', 'r', now()
        FROM message RETURNING *
    )
    INSERT INTO reports.attempts (delivery_id, project_id, number, epoch, started_at)
    SELECT id, ${id}, 1, 1, now() FROM delivery`
  yield* sql`
    INSERT INTO reports.unsubscribed (project_id, topic, recipient)
    VALUES (${id}, 't', 'r')`
  yield* sql`
    WITH subscription AS (
      INSERT INTO reports.subscriptions
        (id, project_id, name, report_id, parameters, formats, destinations, owners, cron,
         timezone, missed, max_wait_seconds, revisions, revise_every_seconds, enabled,
         created_by)
      VALUES (gen_random_uuid(), ${id}, 'S', gen_random_uuid(), '{}', '{pdf}', '{}', '{}',
              '0 8 * * 1', 'UTC', 'once', 60, 0, 60, true, 'k') RETURNING *
    )
    INSERT INTO reports.subscription_runs
      (id, project_id, subscription_id, scheduled_for, give_up_at, due_at)
    SELECT gen_random_uuid(), ${id}, id, now(), now(), now() FROM subscription`
  yield* sql`
    WITH alert AS (
      INSERT INTO reports.alerts
        (id, project_id, definition, next_bucket, next_at, created_by, created_at,
         updated_at)
      VALUES (gen_random_uuid(), ${id}, '{}', now(), now(), 'k', now(), now()) RETURNING *
    ), evaluation AS (
      INSERT INTO reports.alert_evaluations
        (alert_id, project_id, bucket, bucket_end, label, verdict, reason, version, phase,
         evaluated_at)
      SELECT id, ${id}, now(), now(), '', 'ok', '', 1, 'ok', now() FROM alert
    )
    INSERT INTO reports.alert_notices
      (id, alert_id, project_id, key, kind, at, content, due_at)
    SELECT gen_random_uuid(), id, ${id}, 'fired:1', 'fired', now(), '{}', now() FROM alert`
})

const stored = (key: string) =>
  Effect.flatMap(ObjectStore, (store) =>
    store.put(key, Stream.succeed(new TextEncoder().encode(key)))
  )

const keys = Effect.flatMap(ObjectStore, (store) =>
  Stream.runCollect(store.list("")).pipe(
    Effect.map((found) => [...found].map(({ key }) => key))
  )
)

const entries = (counts: Record<string, number>) =>
  Object.entries(counts)
    .filter(([, rows]) => rows > 0)
    .map(([name]) => name)

describe("a deleted project", () => {
  effect("leaves rows in no table, and no files", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* fill(7)
      yield* fill(77)
      for (const projectId of [7, 77]) {
        yield* stored(`reports/${projectId}/a/report.pdf`)
        yield* stored(`report-deliveries/${projectId}/weekly/a/report.pdf`)
      }
      const before = yield* rowsByTable(7)
      // A table that is new must be filled here, so that its rows are seen to go.
      expect(Object.entries(before).filter(([, rows]) => rows === 0)).toEqual([])
      yield* removeDeleted([])
      expect(yield* rowsByTable(7)).toEqual(before)
      yield* removeDeleted([7])
      // Until batch-processor has removed the schedule.
      expect(entries(yield* rowsByTable(7))).toEqual(["subscriptions"])
      const [told] = yield* sql`
        SELECT version, removed_at IS NOT NULL AS gone FROM reports.subscriptions
         WHERE project_id = 7`
      expect(told).toMatchObject({ version: 2, gone: true })
      yield* sql`
        UPDATE reports.subscriptions SET removed_at = removed_at - interval '25 hours'
         WHERE project_id = 7`
      yield* removeDeleted([7])
      expect(entries(yield* rowsByTable(7))).toEqual([])
      expect(yield* rowsByTable(77)).toEqual(before)
      expect(yield* keys).toEqual([
        "report-deliveries/77/weekly/a/report.pdf",
        "reports/77/a/report.pdf"
      ])
      // What somebody still wrote goes with the next look.
      yield* stored("reports/7/late/report.pdf")
      yield* removeDeleted([7])
      expect((yield* keys).length).toBe(2)
    })
  )
})

describe("the service", () => {
  effect("looks for what is to go as soon as it runs", () =>
    Effect.gen(function* () {
      yield* fill(78)
      yield* stored("reports/78/a/report.pdf")
      const Deleted = Layer.succeed(DeletedProjects, {
        ids: Effect.succeed(new Set([78]))
      })
      yield* Effect.gen(function* () {
        const left = entries(yield* rowsByTable(78))
        const files = (yield* keys).filter((key) => key.startsWith("reports/78/"))
        return left.length === 1 && files.length === 0
      }).pipe(
        Effect.repeat({
          until: (isGone) => isGone,
          schedule: Schedule.spaced("20 millis")
        }),
        Effect.timeout("30 seconds"),
        Effect.provide(Removal.layer.pipe(Layer.provide(Deleted)))
      )
    })
  )
})

describe("what is older than it is kept", () => {
  const aged = Effect.fnUntraced(function* (key: string, days: number, state: string) {
    const sql = yield* SqlClient.SqlClient
    const repo = yield* RunRepo
    const { run } = yield* repo.begin({
      projectId: 9,
      reportId: null,
      reportVersion: null,
      name: "Week",
      parameters: {},
      formats: ["pdf"],
      reason: "manual",
      key,
      actor: "k"
    })
    yield* sql`
      UPDATE reports.runs
         SET created_at = clock_timestamp() - make_interval(days => ${days}::int),
             state = ${state}
       WHERE id = ${run.id}::uuid`
    yield* stored(`reports/9/${run.id}/document.json`)
    yield* stored(`reports/9/${run.id}/report.pdf`)
    return run.id
  })

  effect("goes with its files; what is younger, or being made, stays", () =>
    Effect.gen(function* () {
      const repo = yield* RunRepo
      yield* aged("old", 401, "succeeded")
      yield* aged("broken", 401, "failed")
      const young = yield* aged("young", 399, "succeeded")
      const made = yield* aged("made", 401, "running")
      yield* removeOldRuns
      const left = (yield* repo.page(9, { limit: 100 })).map(({ id }) => id)
      expect(left.sort()).toEqual([young, made].sort())
      const files = (yield* keys).filter((key) => key.startsWith("reports/9/"))
      expect(files.length).toBe(4)
      for (const key of files) expect(left).toContain(key.split("/")[2] ?? "")
    })
  )

  effect("goes too where no run tells of it", () =>
    Effect.gen(function* () {
      const at = (days: number) => new Date(Date.now() - days * 86_400_000)
      for (const [name, days] of [
        ["old", 402],
        ["new", 400]
      ] as const) {
        const key = `reports/11/${name}/report.pdf`
        yield* stored(key)
        utimesSync(join(folder, key), at(days), at(days))
      }
      yield* removeOldFiles
      const left = (yield* keys).filter((key) => key.startsWith("reports/11/"))
      expect(left).toEqual(["reports/11/new/report.pdf"])
    })
  )
})
