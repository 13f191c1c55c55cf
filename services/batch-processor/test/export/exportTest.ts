import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ExportConfig } from "@analytics/config/ExportConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Layer, Stream } from "effect"
import { JobRun } from "../../src/jobs/JobRun.ts"
import type { Payload } from "../../src/types/export/ExportPayload.ts"
import { exportType } from "../../src/types/export/export.ts"
import type { Manifest } from "../../src/types/export/Manifest.ts"
import { WatermarkClient } from "../../src/types/export/WatermarkClient.ts"
import { jobRun, type KeptJob } from "../TestJobRun.ts"

export const WATERMARK = Date.UTC(2025, 5, 1)

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-export-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** When something of a project went last. */
export const changedAt = new Map<number, string>()

/** Files of 40 events, in a folder, beside a ClickHouse of their own. */
export const exportLayer = Layer.mergeAll(
  TestClickHouse.client,
  Layer.unwrap(Effect.map(folder, FolderObjectStore.layerOf)),
  ExportConfig.layerOf({ fileEvents: 40, retention: Duration.days(7) }),
  Layer.succeed(WatermarkClient, {
    current: Effect.succeed(WATERMARK),
    changedAt: (projectId) => Effect.sync(() => changedAt.get(projectId) ?? null)
  })
)

export const run = (
  payload: Payload,
  kept: KeptJob,
  job: { readonly id: string; readonly projectId: number }
) =>
  exportType
    .run({ ...job, payload })
    .pipe(Effect.provideService(JobRun, jobRun(kept, job)))

export const bytesOf = (key: string) =>
  Effect.flatMap(ObjectStore, (store) => Stream.runCollect(store.get(key))).pipe(
    Effect.map((chunks) => Buffer.concat([...chunks]))
  )

export const manifestOf = (folder: string) =>
  Effect.map(
    bytesOf(`${folder}manifest.json`),
    (bytes): Manifest => JSON.parse(bytes.toString("utf8"))
  )

export const keysOf = (prefix: string) =>
  Effect.flatMap(ObjectStore, (store) => Stream.runCollect(store.list(prefix))).pipe(
    Effect.map((found) => [...found].map(({ key }) => key.slice(prefix.length)))
  )

const DAY = 86_400_000
export const START = Date.UTC(2025, 2, 1)

/** 100 events on two days, of ten people, some with objects in each other. */
export const storeEvents = Effect.fnUntraced(function* (project: number) {
  const clickhouse = yield* ClickHouse
  const rows = Array.from({ length: 100 }, (_, n) => ({
    project_id: project,
    event: n % 10 === 0 ? "$identify" : n % 3 === 0 ? '=buy, "now"' : "view",
    type: n % 10 === 0 ? "identify" : "track",
    timestamp: START + (n < 30 ? 0 : DAY) + n * 1000,
    received_at: START,
    known_at: n === 99 ? WATERMARK + 1 : START,
    message_id: `m${String(n).padStart(3, "0")}`,
    user_id: `u${n % 10}`,
    anonymous_id: n % 2 === 0 ? `a${n}` : "",
    // Ten people all over the range of hashes.
    id_hash: String((2n ** 64n / 10n) * BigInt(n % 10)),
    props: { n: String(n), "cart.items": '[1,"zwei"]', "cart.text": '"line\\nbreak"' },
    context: { "page.path": '"/x"', library: "{}" },
    is_bot: n % 25 === 0 ? 1 : 0,
    browser: "Firefox"
  }))
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

/** Hides a person as an erasure does. */
export const hide = Effect.fnUntraced(function* (project: number, person: number) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "removals",
    format: "JSONEachRow",
    body: JSON.stringify({
      project_id: project,
      removal: crypto.randomUUID(),
      is_range: 0,
      id_hash: String((2n ** 64n / 10n) * BigInt(person)),
      from_at: 0,
      to_at: 0,
      received_until: WATERMARK,
      known_until: WATERMARK
    })
  })
})
