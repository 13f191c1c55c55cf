import { keptEverywhere } from "@analytics/analytics-core/query/removed"
import { render } from "@analytics/analytics-core/query/Sql"
import { ClickHouse, type RequestOptions } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Duration, Effect, Layer } from "effect"
import type { Counts } from "./counts.ts"
import { eventsSql, pairsSql, propertiesSql } from "./countsSql.ts"

/** Batches of one look. */
export const MOST_BATCHES = 100_000

export interface StoredBatch {
  readonly id: bigint
  readonly events: number
}

/** Batches in the event store, and what is in them. */
export class BatchCountsRepo extends Context.Service<
  BatchCountsRepo,
  {
    /** Batches with a greater id, in the order of ids. */
    after(id: bigint): Effect.Effect<ReadonlyArray<StoredBatch>, ClickHouseError>
    /** Those of them all of whose events were known by then. */
    knownBy(
      watermark: number,
      ids: ReadonlyArray<bigint>
    ): Effect.Effect<ReadonlySet<bigint>, ClickHouseError>
    count(ids: ReadonlyArray<bigint>): Effect.Effect<Counts, ClickHouseError>
    /** What there is of a project now, in all batches. */
    countAll(projectId: number): Effect.Effect<Counts, ClickHouseError>
  }
>()("@analytics/analytics-api/catalogue/BatchCountsRepo") {
  static readonly layer = Layer.effect(
    BatchCountsRepo,
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      /** Background work takes one core and waits for nobody. */
      const settings = { max_threads: 1 }
      const ofBatches = (ids: ReadonlyArray<bigint>) => ({
        settings,
        params: { batches: `[${ids.join(",")}]` }
      })
      const counts = Effect.fnUntraced(function* (
        where: string,
        options: RequestOptions
      ) {
        const [events, properties, pairs] = yield* Effect.all([
          clickhouse.query<EventRow>(eventsSql(where), options),
          clickhouse.query<PropertyRow>(propertiesSql(where), options),
          clickhouse.query<PairRow>(pairsSql(where), options)
        ])
        return {
          events: events.map((row) => ({
            projectId: row.project_id,
            name: row.name,
            events: Number(row.n),
            firstSeen: Number(row.first),
            lastSeen: Number(row.last)
          })),
          properties: properties.map((row) => ({
            projectId: row.project_id,
            property: row.property,
            own: row.own === 1,
            events: Number(row.n),
            strings: Number(row.strings),
            booleans: Number(row.booleans),
            arrays: Number(row.arrays),
            objects: Number(row.objects),
            examples: row.examples
          })),
          pairs: pairs.map((row) => ({
            projectId: row.project_id,
            event: row.name,
            property: row.property,
            events: Number(row.n)
          }))
        }
      })

      return BatchCountsRepo.of({
        after: Effect.fn("BatchCountsRepo.after")((id) =>
          clickhouse
            .query<{ id: string; n: string }>(
              `SELECT batch_id AS id, count() AS n FROM events
                WHERE batch_id > {after:UInt64} GROUP BY batch_id
                ORDER BY batch_id LIMIT ${MOST_BATCHES}`,
              { settings, params: { after: String(id) } }
            )
            .pipe(
              Effect.map((rows) =>
                rows.map((row) => ({ id: BigInt(row.id), events: Number(row.n) }))
              )
            )
        ),
        knownBy: Effect.fn("BatchCountsRepo.knownBy")((watermark, ids) =>
          clickhouse
            .query<{ id: string }>(
              `SELECT batch_id AS id FROM events WHERE ${IN_BATCHES} GROUP BY batch_id
               HAVING toUnixTimestamp64Milli(max(known_at)) <= ${Math.trunc(watermark)}`,
              ofBatches(ids)
            )
            .pipe(Effect.map((rows) => new Set(rows.map((row) => BigInt(row.id)))))
        ),
        count: Effect.fn("BatchCountsRepo.count")((ids) =>
          counts(`${IN_BATCHES} AND ${KEPT}`, ofBatches(ids))
        ),
        countAll: Effect.fn("BatchCountsRepo.countAll")((projectId) =>
          counts(`project_id = {project:UInt32} AND ${KEPT}`, {
            settings,
            params: { project: projectId },
            timeout: Duration.minutes(10)
          })
        )
      })
    })
  )
}

const IN_BATCHES = "batch_id IN {batches:Array(UInt64)}"
/** Nothing of what is being erased or expires. */
const KEPT = render(keptEverywhere()).sql

interface EventRow {
  readonly project_id: number
  readonly name: string
  readonly n: string
  readonly first: string
  readonly last: string
}

interface PropertyRow {
  readonly project_id: number
  readonly property: string
  readonly own: number
  readonly n: string
  readonly strings: string
  readonly booleans: string
  readonly arrays: string
  readonly objects: string
  readonly examples: ReadonlyArray<string>
}

interface PairRow {
  readonly project_id: number
  readonly name: string
  readonly property: string
  readonly n: string
}
