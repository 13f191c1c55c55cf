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
const storable = (text: string) => `replaceAll(${text}, '\\0', '\uFFFD')`
const shortEvents = `events WHERE ${inBatches} AND length(event) <= ${MAX_NAME}`

const eventsSql = `SELECT project_id, ${storable("event")} AS name, count() AS n,
    toUnixTimestamp64Milli(min(timestamp)) AS first,
    toUnixTimestamp64Milli(max(timestamp)) AS last
  FROM ${shortEvents} GROUP BY project_id, name
  ORDER BY n DESC, name LIMIT ${MAX_NAMES} BY project_id LIMIT ${MOST_ROWS}`

/** Columns of an event that are built-ins; its name and type are no news. */
const columns = builtInNames.filter((name) => name !== "$event" && name !== "$type")

/** What a query would read as something else than a property of the event. */
const isTaken = `(match(key, '^(user|context|group)[.]') OR key IN (${builtInNames
  .map((name) => `'${name}'`)
  .join(", ")}))`

const prefixed = (prefix: string, map: string) =>
  `arrayMap((key, value) -> (concat(${prefix}, key), value, 0), ${map}.keys, ${map}.values)`

const groupPrefix =
  "concat('group.', replaceRegexpAll(group_type, '([.\\\\\\\\])', '\\\\\\\\\\\\1'), '.')"

const leaves = `arrayConcat(
    multiIf(event = '$identify' AND type = 'identify', ${prefixed("'user.'", "props")},
      event = '$group' AND type = 'group', ${prefixed(groupPrefix, "props")},
      arrayFilter(leaf -> leaf.3 = 1, arrayMap((key, value) ->
        (key, value, NOT ${isTaken}), props.keys, props.values))),
    ${prefixed("'context.'", "context")},
    arrayFilter(leaf -> leaf.2 != '""', [${columns
      .map((name) => `('${name}', toJSONString(toString(${name.slice(1)})), 0)`)
      .join(", ")}]))`

/** Values that belong into nobody's list of suggestions. */
const isPrivate = `(match(property, '(?i)passw|secret|token|authoriz|api_?key|e-?mail|phone|card|iban|ssn')
    OR match(value, '[^@"[:space:]]@[^@"[:space:]]+[.]'))`

const propertiesSql = `SELECT project_id, property, max(leaf.3) AS own, count() AS n,
    countIf(startsWith(value, '"')) AS strings,
    countIf(value IN ('true', 'false')) AS booleans,
    countIf(startsWith(value, '[')) AS arrays,
    countIf(startsWith(value, '{')) AS objects,
    groupUniqArrayIf(${MAX_EXAMPLES})(value, length(value) <= ${MAX_EXAMPLE}
      AND NOT startsWith(value, '[') AND NOT startsWith(value, '{')
      AND NOT ${isPrivate}) AS examples
  FROM (SELECT project_id, arrayJoin(${leaves}) AS leaf,
      ${storable("leaf.1")} AS property, leaf.2 AS value
    FROM events WHERE ${inBatches})
  WHERE length(property) <= ${MAX_NAME} GROUP BY project_id, property
  ORDER BY n DESC, property LIMIT ${MAX_PROPERTIES} BY project_id LIMIT ${MOST_ROWS}`

const pairsSql = `SELECT project_id, ${storable("event")} AS name,
    ${storable(`arrayJoin(arrayFilter(key -> NOT ${isTaken}, props.keys))`)} AS property,
    count() AS n
  FROM ${shortEvents}
    AND NOT (event = '$identify' AND type = 'identify')
    AND NOT (event = '$group' AND type = 'group')
  GROUP BY project_id, name, property HAVING length(property) <= ${MAX_NAME}
  ORDER BY n DESC, name, property LIMIT ${MAX_PAIRS} BY project_id LIMIT ${MOST_ROWS}`
