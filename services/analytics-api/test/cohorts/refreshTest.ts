import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Duration, Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { CohortRepo } from "../../src/cohorts/CohortRepo.ts"
import { Cohorts } from "../../src/cohorts/Cohorts.ts"
import { MemberRepo } from "../../src/cohorts/MemberRepo.ts"
import { CohortPeopleRepo } from "../../src/cohorts/refresh/CohortPeopleRepo.ts"
import { CohortRefreshes } from "../../src/cohorts/refresh/CohortRefreshes.ts"
import { CohortRefreshRepo } from "../../src/cohorts/refresh/CohortRefreshRepo.ts"
import { WatermarkHolds } from "../../src/cohorts/WatermarkHolds.ts"
import { History } from "../../src/query/History.ts"
import { Queries } from "../../src/query/Queries.ts"
import { QueryCost } from "../../src/query/QueryCost.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { Watermark } from "../../src/query/Watermark.ts"

export const START = Date.now() - 3 * 86_400_000
export const HOUR = 3_600_000

/** What data-ingestion says, as a test moves it. */
export const world = { watermark: START, removing: new Set<number>() }

const known = Effect.sync(() => ({
  watermark: world.watermark,
  ingestLagMs: 0,
  isStale: false,
  removing: world.removing
}))

/** The next change takes effect a minute above the watermark. */
const Holds = Layer.succeed(WatermarkHolds, {
  during: (write) => Effect.suspend(() => write(new Date(world.watermark + 60_000)))
})

export const RefreshTest = Layer.mergeAll(
  Cohorts.layer,
  CohortRefreshes.layer,
  Queries.layer
).pipe(
  Layer.provide([MemberRepo.layer, QueryCost.layer, Holds]),
  Layer.provideMerge(
    Layer.mergeAll(
      CohortRepo.layer,
      CohortRefreshRepo.layer,
      CohortPeopleRepo.layer,
      QueryRepo.layer
    )
  ),
  Layer.provide([
    Layer.succeed(Watermark, { current: known, atLeast: () => known }),
    Layer.succeed(History, { changedSince: () => Effect.succeed(false) }),
    QueryLoadConfig.layer,
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(60),
      memoryLimit: 2_000_000_000,
      threads: 1,
      concurrency: 4
    })
  ]),
  Layer.provideMerge(
    Installation.layer.pipe(
      Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client))
    )
  ),
  Layer.provideMerge(Logger.layer([]))
)

const idHash = new IdHash(testInstallation.idHashKey)
export const hashOf = (projectId: number, id: string): string =>
  String(idHash.id(projectId, id))

export const makeProject = Effect.fnUntraced(function* (id: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO control.projects (id, name) VALUES (${BigInt(id)}, 'p')`
})

interface Row {
  readonly user: string
  readonly event: string
  readonly at?: number
}

let messages = 0

/** Events known when they happened, at `START` unless said. */
export const send = Effect.fnUntraced(function* (
  projectId: number,
  rows: ReadonlyArray<Row>
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: rows
      .map(({ at = START, event, user }) =>
        JSON.stringify({
          project_id: projectId,
          event,
          type: "track",
          timestamp: at,
          received_at: at,
          known_at: at,
          message_id: `m${messages++}`,
          user_id: user,
          id_hash: hashOf(projectId, user)
        })
      )
      .join("\n")
  })
})

/** From `knownAt` on, `from` stands for `to`. */
export const tie = Effect.fnUntraced(function* (
  projectId: number,
  from: string,
  to: string,
  knownAt: number
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "person_links",
    format: "JSONEachRow",
    body: JSON.stringify({
      project_id: projectId,
      id_hash: hashOf(projectId, from),
      person: hashOf(projectId, to),
      known_at: knownAt,
      version: knownAt
    })
  })
})

/** A cohort whose people a refresh of the last two days may tell. */
export const makeCohort = Effect.fnUntraced(function* (
  projectId: number,
  definition: object,
  maxAgeSeconds: number | null = 2 * 86_400
) {
  const cohorts = yield* Cohorts
  const body = { name: "c", definition, maxAgeSeconds }
  return (yield* cohorts.create(projectId, body)).id
})

export const refresh = (
  projectId: number,
  cohortId: string,
  refreshId: string = crypto.randomUUID()
) =>
  CohortRefreshes.use((service) => service.refresh({ projectId, cohortId, refreshId }))

/** Persons of a cohort who did anything, and as of when they were found. */
export const ask = Effect.fnUntraced(function* (
  projectId: number,
  cohort: string,
  asOf: number
) {
  const queries = yield* Queries
  const { meta, result } = yield* queries.answer(
    { id: projectId, timezone: "UTC" },
    { kind: "people", cohort, asOf: new Date(asOf).toISOString(), limit: 1000 }
  )
  return {
    people: (result as { people: ReadonlyArray<{ personId: string }> }).people
      .map(({ personId }) => personId)
      .sort(),
    asOf: Date.parse(meta.cohorts?.[0]?.asOf ?? "")
  }
})

export const buyers = { type: "dynamic", rule: { did: { event: "buy", atLeast: 2 } } }
let project = 100

/** A project of its own with ann (two purchases), bob (one) and cid (none). */
export const begin = Effect.fnUntraced(function* () {
  const id = ++project
  world.watermark = START + HOUR
  world.removing.clear()
  yield* makeProject(id)
  yield* send(id, [
    { user: "ann", event: "buy" },
    { user: "ann", event: "buy" },
    { user: "bob", event: "buy" },
    { user: "cid", event: "look" }
  ])
  return id
})

export const shown = (projectId: number, id: string) =>
  Cohorts.use((cohorts) => Effect.map(cohorts.get(projectId, id), (one) => one.refresh))
