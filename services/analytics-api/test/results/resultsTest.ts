import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { CohortRepo } from "../../src/cohorts/CohortRepo.ts"
import { CohortRefreshRepo } from "../../src/cohorts/refresh/CohortRefreshRepo.ts"
import { History } from "../../src/query/History.ts"
import { OutlookClient } from "../../src/query/OutlookClient.ts"
import { Queries } from "../../src/query/Queries.ts"
import { QueryCost } from "../../src/query/QueryCost.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { Watermark } from "../../src/query/Watermark.ts"
import { KeptResultsRepo } from "../../src/results/KeptResultsRepo.ts"
import { Results } from "../../src/results/Results.ts"

export const DAY = 86_400_000
/** Of the first day of events. */
export const START = Date.UTC(2025, 2, 1)

/** What data-ingestion says, as a test moves it. In epoch milliseconds. */
export const world = {
  watermark: START + 30 * DAY,
  removing: new Set<number>(),
  /** By project: the newest removal is known since then. */
  removed: new Map<number, number>(),
  isStale: false,
  /** Statements that the store was asked for answers. */
  asked: 0
}

const known = Effect.sync(() => ({
  watermark: world.watermark,
  ingestLagMs: 0,
  isStale: world.isStale,
  removing: new Set(world.removing)
}))

const CountedRepo = Layer.effect(
  QueryRepo,
  Effect.map(QueryRepo, (repo) => ({
    ...repo,
    run: (asked: Parameters<typeof repo.run>[0]) =>
      Effect.suspend(() => {
        if (asked.name !== "changed") world.asked++
        return repo.run(asked)
      })
  }))
).pipe(Layer.provide(QueryRepo.layer))

export const ResultsTest = Results.layer.pipe(
  Layer.provideMerge(Queries.layer),
  Layer.provide([QueryCost.layer, CountedRepo]),
  Layer.provideMerge(KeptResultsRepo.layer),
  Layer.provideMerge(Layer.mergeAll(CohortRepo.layer, CohortRefreshRepo.layer)),
  Layer.provide([
    Layer.succeed(Watermark, { current: known, atLeast: () => known }),
    Layer.succeed(History, {
      changedSince: (projectId, asOf) =>
        Effect.sync(() => asOf < (world.removed.get(projectId) ?? 0))
    }),
    Layer.succeed(OutlookClient, {
      forecast: () => Effect.die("not asked here"),
      anomalies: () => Effect.die("not asked here")
    }),
    QueryLoadConfig.layer,
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(60),
      memoryLimit: 2_000_000_000,
      threads: 1,
      concurrency: 8
    })
  ]),
  Layer.provideMerge(
    Installation.layer.pipe(
      Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client))
    )
  ),
  Layer.provideMerge(Logger.layer([]))
)

export const insert = Effect.fnUntraced(function* (
  table: string,
  rows: ReadonlyArray<object>
) {
  yield* (yield* ClickHouse).insert({
    table,
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

export const makeProject = Effect.fnUntraced(function* (id: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO control.projects (id, name) VALUES (${BigInt(id)}, 'p')`
})

export const makeCohort = Effect.fnUntraced(function* (
  projectId: number,
  id: string,
  definition: object
) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO control.cohorts (id, project_id, name, definition)
    VALUES (${id}::uuid, ${BigInt(projectId)}, 'c', ${JSON.stringify(definition)})
    ON CONFLICT (id) DO UPDATE SET definition = excluded.definition`
})

let messages = 0

/** An event of an id, which is its hash, as the loader writes it. */
export const eventRow = (
  projectId: number,
  event: string,
  {
    at,
    id,
    knownAt,
    sealedAt = knownAt,
    ...more
  }: {
    readonly id: number
    readonly at: number
    readonly knownAt: number
    readonly sealedAt?: number
    readonly props?: Readonly<Record<string, string>>
  }
) => ({
  project_id: projectId,
  event,
  type: event === "$identify" ? "identify" : "track",
  timestamp: at,
  received_at: at,
  known_at: knownAt,
  message_id: `m${messages++}`,
  user_id: `user-${id}`,
  id_hash: String(id),
  path: `/${event}`,
  batch_id: String((BigInt(sealedAt) << 22n) + BigInt(messages)),
  ...more
})
