import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { logicalName, type Topology } from "@analytics/database/Topology"
import { Duration, Effect, Layer, Schedule, Schema } from "effect"
import { PurgeRepo } from "./PurgeRepo.ts"

/** The store says it has removed rows, and still answers some. */
class RowsLeft extends Schema.TaggedError<RowsLeft>()("RowsLeft", {
  table: Schema.String,
  rows: Schema.Int
}) {}

/** Where a project may have rows. `seen` has none of its own: its hashes stay for ever. */
const TABLES_SQL = `
  SELECT c.table AS name
    FROM system.columns AS c
    JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
   WHERE c.database = currentDatabase() AND c.name = 'project_id'
     AND t.engine LIKE '%MergeTree'
   ORDER BY name`

const unfinishedSql = (topology: Topology) => `
  SELECT count() AS mutations FROM ${topology.onEveryNode("system.mutations")}
   WHERE database = currentDatabase() AND NOT is_done
     AND table IN {tables:Array(String)}`

/**
 * Removes the events of deleted projects: one mutation a table for all that are due, at
 * most once an `interval`, because each rewrites the parts that hold a row. Every step may
 * be repeated, so a crash costs no more than the step.
 *
 * @returns the projects of which nothing is left
 */
export const purgeDue = Effect.fn("ProjectPurge.purgeDue")(function* (
  interval: Duration.Duration
) {
  const repo = yield* PurgeRepo
  const store = yield* ClickHouse
  const none: ReadonlyArray<number> = []
  const projectIds = yield* repo.due
  if (projectIds.length === 0) return none
  const since = yield* repo.sinceLast
  if (since !== undefined && since < Duration.toMillis(interval)) return none
  const tables = (yield* store.query<{ name: string }>(TABLES_SQL)).map(({ name }) =>
    logicalName(name)
  )
  const { topology } = store
  const [running] = yield* store.query<{ mutations: string }>(unfinishedSql(topology), {
    params: { tables: tables.map((table) => topology.stored(table)) }
  })
  // One that took longer than a request may: it must not be asked for twice.
  if (Number(running?.mutations) > 0) {
    yield* Effect.logWarning("deleted projects wait for mutations of the event store")
    return none
  }

  yield* repo.begin(projectIds)
  const params = { projectIds }
  const theirs = "project_id IN {projectIds:Array(UInt32)}"
  for (const table of tables)
    yield* store.command(topology.alter(table, `DELETE WHERE ${theirs}`), {
      params,
      settings: { mutations_sync: "2" }
    })
  for (const table of tables)
    for (const optimize_use_projections of [0, 1] as const) {
      const [left] = yield* store.query<{ rows: string }>(
        `SELECT count() AS rows FROM ${topology.everyCopyOf(table)} WHERE ${theirs}`,
        { params, settings: { optimize_use_projections } }
      )
      if (Number(left?.rows) !== 0)
        return yield* new RowsLeft({ table, rows: Number(left?.rows) })
    }
  for (const projectId of projectIds) {
    const erased = yield* repo.settle(projectId)
    yield* Effect.logInfo("a deleted project was removed").pipe(
      Effect.annotateLogs({ project_id: projectId, erased: String(erased ?? 0n) })
    )
  }
  return projectIds
})

/** Looks every ten seconds. Loaders may look at the same time: every step is repeatable. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { purgeInterval } = yield* LoaderConfig
    yield* purgeDue(purgeInterval).pipe(
      Effect.catchCause((cause) =>
        Effect.logError("deleted projects were not removed; tried again", cause)
      ),
      Effect.repeat(Schedule.spaced("10 seconds")),
      Effect.forkScoped
    )
  })
).pipe(Layer.provide(PurgeRepo.layer))
