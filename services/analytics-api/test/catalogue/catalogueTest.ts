import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Effect, Layer, Logger, type Schema } from "effect"
import { BatchCountsRepo } from "../../src/catalogue/BatchCountsRepo.ts"
import { CatalogueRefresh } from "../../src/catalogue/CatalogueRefresh.ts"
import { CatalogueRepo } from "../../src/catalogue/CatalogueRepo.ts"
import { ProgressRepo } from "../../src/catalogue/ProgressRepo.ts"
import { Watermark } from "../../src/query/Watermark.ts"

export const noon = Date.UTC(2026, 0, 1, 12)

/** What a test turns: the watermark, and what befalls a step that has counted. */
export interface Dials {
  watermark: number
  afterCount: Effect.Effect<void>
}

export const catalogueTest = (dials: Dials) => {
  const Faulty = Layer.effect(
    BatchCountsRepo,
    Effect.map(BatchCountsRepo, (repo) => ({
      ...repo,
      count: (ids) =>
        Effect.tap(repo.count(ids), () => Effect.suspend(() => dials.afterCount))
    }))
  ).pipe(Layer.provide(BatchCountsRepo.layer))
  const WatermarkStub = Layer.succeed(Watermark, {
    current: Effect.sync(() => ({
      watermark: dials.watermark,
      ingestLagMs: 0,
      isStale: false
    })),
    atLeast: () => Effect.die("not asked here")
  })
  return Layer.mergeAll(CatalogueRepo.layer, CatalogueRefresh.layer).pipe(
    Layer.provide([Faulty, ProgressRepo.layer, WatermarkStub]),
    Layer.provide(
      QueryConfig.layerOf({
        dataIngestionUrl: "http://localhost",
        timeout: Duration.seconds(30),
        memoryLimit: 1_000_000_000,
        threads: 1,
        concurrency: 4
      })
    ),
    Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client)),
    Layer.provideMerge(Logger.layer([]))
  )
}

export interface StoredEvent {
  readonly project: number
  readonly event: string
  /** When its batch was sealed, in milliseconds. */
  readonly sealed: number
  readonly type?: string
  readonly props?: Readonly<Record<string, Schema.Json>>
  readonly context?: Readonly<Record<string, Schema.Json>>
  readonly groupType?: string
  readonly browser?: string
}

export const batchOf = (sealed: number): bigint => (BigInt(sealed) << 22n) | 7n

let messages = 0

/** Events as the loader stores them, those sealed at one moment as one batch. */
export const store = Effect.fn("store")(function* (events: ReadonlyArray<StoredEvent>) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    settings: { insert_deduplicate: 0 },
    body: events
      .map((event) =>
        JSON.stringify({
          project_id: event.project,
          event: event.event,
          type: event.type ?? "track",
          timestamp: event.sealed,
          received_at: event.sealed,
          known_at: event.sealed,
          message_id: `m${messages++}`,
          props: leaves(event.props),
          context: leaves(event.context),
          group_type: event.groupType ?? "",
          browser: event.browser ?? "",
          batch_id: String(batchOf(event.sealed))
        })
      )
      .join("\n")
  })
})

const leaves = (of: StoredEvent["props"]) =>
  Object.fromEntries(
    Object.entries(of ?? {}).map(([path, value]) => [path, JSON.stringify(value)])
  )

/** Steps until nothing is left to do. */
export const refresh = Effect.flatMap(CatalogueRefresh, ({ step }) =>
  Effect.repeat(step, { while: (isBehind) => isBehind })
)

export const namesOf = Effect.fn("namesOf")(function* (project: number, search = "") {
  const { events } = yield* (yield* CatalogueRepo).events(project, {
    search,
    limit: 1000
  })
  return Object.fromEntries(events.map(({ count, event }) => [event, count]))
})
