import { builtInNames } from "@analytics/analytics-core/query/Property"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer } from "effect"
import {
  type Counts,
  MAX_EXAMPLES,
  MAX_NAMES,
  MAX_PAIRS,
  MAX_PROPERTIES
} from "./counts.ts"

/** Batches of one look. */
export const MOST_BATCHES = 100_000
/** In bytes; longer names do not fit an index of the catalogue. */
const MAX_NAME = 1000
/** In bytes of JSON text. */
const MAX_EXAMPLE = 100
/** Rows of one answer: they are few unless somebody makes names up. */
const MOST_ROWS = 300_000

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
              `SELECT batch_id AS id FROM events WHERE ${inBatches} GROUP BY batch_id
               HAVING toUnixTimestamp64Milli(max(known_at)) <= ${Math.trunc(watermark)}`,
              ofBatches(ids)
            )
            .pipe(Effect.map((rows) => new Set(rows.map((row) => BigInt(row.id)))))
        ),
        count: Effect.fn("BatchCountsRepo.count")(function* (ids) {
          const [events, properties, pairs] = yield* Effect.all([
            clickhouse.query<EventRow>(eventsSql, ofBatches(ids)),
            clickhouse.query<PropertyRow>(propertiesSql, ofBatches(ids)),
            clickhouse.query<PairRow>(pairsSql, ofBatches(ids))
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
      })
    })
  )
}

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

const inBatches = "batch_id IN {batches:Array(UInt64)}"
/** Postgres' text holds every character but NUL. */
const name = "replaceAll(event, '\\0', '\uFFFD') AS name"
const isStorable = `length(property) <= ${MAX_NAME} AND position(property, '\\0') = 0`
const isTraits = "event = '$identify' AND type = 'identify'"
const isGroup = "event = '$group' AND type = 'group'"

const eventsSql = `SELECT project_id, ${name}, count() AS n,
    toUnixTimestamp64Milli(min(timestamp)) AS first,
    toUnixTimestamp64Milli(max(timestamp)) AS last
  FROM events WHERE ${inBatches} AND length(event) <= ${MAX_NAME}
  GROUP BY project_id, name
  ORDER BY n DESC, name LIMIT ${MAX_NAMES} BY project_id LIMIT ${MOST_ROWS}`

/** Columns of an event that are built-ins; its name and type are no news. */
const columns = builtInNames.filter((each) => each !== "$event" && each !== "$type")

/** What a query would read as something else than a property of the event. */
const isTaken = `(startsWith(property, 'user.') OR startsWith(property, 'context.')
    OR startsWith(property, 'group.') OR property IN (${builtInNames
      .map((each) => `'${each}'`)
      .join(", ")}))`

/** Values that are looked at for a few that may be shown. */
const CANDIDATES = 20

/** Where a leaf stands: 0 own, 1 traits, 2 of a group, 3 context. */
const leavesOf = (map: "props" | "context", place: string) =>
  `SELECT project_id, ${place} AS place, if(place = 2, group_type, '') AS of, key,
      count() AS n, countIf(startsWith(value, '"')) AS strings,
      countIf(value IN ('true', 'false')) AS booleans,
      countIf(startsWith(value, '[')) AS arrays,
      countIf(startsWith(value, '{')) AS objects,
      groupUniqArrayIf(${CANDIDATES})(value, length(value) <= ${MAX_EXAMPLE}
        AND NOT startsWith(value, '[') AND NOT startsWith(value, '{')) AS candidates
    FROM events ARRAY JOIN ${map}.keys AS key, ${map}.values AS value
    WHERE ${inBatches} GROUP BY project_id, place, of, key`

/** The name of a group's type in a path: char(92) is the backslash. */
const escaped =
  "replaceAll(replaceAll(of, char(92), char(92, 92)), '.', concat(char(92), '.'))"

const leaves = `SELECT *, multiIf(place = 1, concat('user.', key),
      place = 2, concat('group.', ${escaped}, '.', key),
      place = 3, concat('context.', key), key) AS property
    FROM (${leavesOf("props", `multiIf(${isTraits}, 1, ${isGroup}, 2, 0)`)}
      UNION ALL ${leavesOf("context", "3")})
    WHERE ${isStorable} AND NOT (place = 0 AND ${isTaken})`

/** One row a project, because most events have few of them or all. */
const builtIns = `SELECT project_id, found.1 AS property, found.2 AS n,
      arrayMap(value -> toJSONString(value), found.3) AS candidates
    FROM (SELECT project_id, arrayJoin([${columns
      .map((each) => each.slice(1))
      .map(
        (each) =>
          `('$${each}', countIf(${each} != ''), groupUniqArrayIf(${CANDIDATES})(
            toString(${each}), ${each} != '' AND length(${each}) < ${MAX_EXAMPLE} - 1))`
      )
      .join(", ")}]) AS found
    FROM events WHERE ${inBatches} GROUP BY project_id) WHERE n > 0`

/** Values that belong into nobody's list of suggestions, told by name or by look. */
const isPrivateName = `match(property, '(?i)passw|secret|token|authoriz|api_?key|e-?mail|phone|card|iban|ssn')`
const isPrivateValue = `match(value, '[^@"[:space:]]@[^@"[:space:]]+[.]')`

const propertiesSql = `SELECT project_id, property, own, n, strings, booleans, arrays, objects,
    if(${isPrivateName}, [], arraySlice(arrayFilter(
      value -> length(value) <= ${MAX_EXAMPLE} AND NOT ${isPrivateValue}, candidates),
      1, ${MAX_EXAMPLES})) AS examples
  FROM (SELECT project_id, property, place = 0 AS own, n, strings, booleans, arrays,
      objects, candidates FROM (${leaves})
    UNION ALL SELECT project_id, property, 0 AS own, n, n AS strings,
      toUInt64(0) AS booleans, toUInt64(0) AS arrays, toUInt64(0) AS objects, candidates
    FROM (${builtIns}))
  ORDER BY n DESC, property LIMIT ${MAX_PROPERTIES} BY project_id LIMIT ${MOST_ROWS}`

const pairsSql = `SELECT project_id, name, property, n FROM (
    SELECT project_id, ${name}, key AS property, count() AS n
    FROM events ARRAY JOIN props.keys AS key
    WHERE ${inBatches} AND length(event) <= ${MAX_NAME}
      AND NOT (${isTraits}) AND NOT (${isGroup})
    GROUP BY project_id, name, property)
  WHERE ${isStorable} AND NOT ${isTaken}
  ORDER BY n DESC, name, property LIMIT ${MAX_PAIRS} BY project_id LIMIT ${MOST_ROWS}`
