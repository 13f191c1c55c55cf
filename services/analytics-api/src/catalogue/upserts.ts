import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import {
  type EventCount,
  MAX_EXAMPLES,
  MAX_NAMES,
  MAX_PAIRS,
  MAX_PROPERTIES,
  type PairCount,
  type PropertyCount
} from "./counts.ts"

/** Rows of one statement. */
const CHUNK = 5000

const chunks = <A>(rows: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, index) =>
    rows.slice(index * CHUNK, (index + 1) * CHUNK)
  )

const bigints = <A>(rows: ReadonlyArray<A>, of: (row: A) => number) =>
  rows.map((row) => BigInt(of(row)))

/**
 * Adds to what is there; names that are not enter while the project has room, the most
 * frequent first. Who is in is counted in full, because nobody leaves.
 */
export const addEvents = (sql: SqlClient.SqlClient, all: ReadonlyArray<EventCount>) =>
  Effect.forEach(
    chunks(all),
    (rows) => sql`
      WITH added AS (
        SELECT * FROM unnest(
          ${bigints(rows, ({ projectId }) => projectId)}::bigint[],
          ${rows.map(({ name }) => name)}::text[],
          ${rows.map(({ name }) => name.toLowerCase())}::text[],
          ${bigints(rows, ({ events }) => events)}::bigint[],
          ${bigints(rows, ({ firstSeen }) => firstSeen)}::bigint[],
          ${bigints(rows, ({ lastSeen }) => lastSeen)}::bigint[])
          AS a (project_id, name, folded, events, first_seen, last_seen)
      ), held AS (
        SELECT project_id, count(*) AS names FROM control.catalogue_events
         WHERE project_id IN (SELECT project_id FROM added) GROUP BY project_id
      ), placed AS (
        SELECT a.*, k.name IS NOT NULL AS known, row_number() OVER (
                 PARTITION BY a.project_id, k.name IS NULL
                 ORDER BY a.events DESC, a.name) AS place
          FROM added a LEFT JOIN control.catalogue_events k
            ON k.project_id = a.project_id AND k.name = a.name
      )
      INSERT INTO control.catalogue_events AS e
        (project_id, name, folded, events, first_seen, last_seen)
      SELECT project_id, name, folded, events,
             to_timestamp(first_seen / 1000.0), to_timestamp(last_seen / 1000.0)
        FROM placed LEFT JOIN held USING (project_id)
       WHERE known OR place + coalesce(names, 0) <= ${MAX_NAMES}
      ON CONFLICT (project_id, name) DO UPDATE
        SET events = e.events + excluded.events,
            first_seen = least(e.first_seen, excluded.first_seen),
            last_seen = greatest(e.last_seen, excluded.last_seen)`,
    { discard: true }
  )

export const addProperties = (
  sql: SqlClient.SqlClient,
  all: ReadonlyArray<PropertyCount>
) =>
  Effect.forEach(
    chunks(all),
    (rows) => sql`
      WITH added AS (
        SELECT * FROM unnest(
          ${bigints(rows, ({ projectId }) => projectId)}::bigint[],
          ${rows.map(({ property }) => property)}::text[],
          ${rows.map(({ property }) => property.toLowerCase())}::text[],
          ${rows.map(({ own }) => own)}::boolean[],
          ${bigints(rows, ({ events }) => events)}::bigint[],
          ${bigints(rows, ({ strings }) => strings)}::bigint[],
          ${bigints(rows, ({ booleans }) => booleans)}::bigint[],
          ${bigints(rows, ({ arrays }) => arrays)}::bigint[],
          ${bigints(rows, ({ objects }) => objects)}::bigint[],
          ${rows.map(({ examples }) => JSON.stringify(examples))}::text[])
          AS a (project_id, property, folded, own, events, strings, booleans, arrays,
                objects, examples)
      ), held AS (
        SELECT project_id, count(*) AS names FROM control.catalogue_properties
         WHERE project_id IN (SELECT project_id FROM added) GROUP BY project_id
      ), placed AS (
        SELECT a.*, k.property IS NOT NULL AS known, row_number() OVER (
                 PARTITION BY a.project_id, k.property IS NULL
                 ORDER BY a.events DESC, a.property) AS place
          FROM added a LEFT JOIN control.catalogue_properties k
            ON k.project_id = a.project_id AND k.property = a.property
      )
      INSERT INTO control.catalogue_properties AS p
        (project_id, property, folded, own, events, strings, booleans, arrays, objects,
         examples)
      SELECT project_id, property, folded, own, events, strings, booleans, arrays,
             objects, ARRAY(SELECT json_array_elements_text(examples::json))
        FROM placed LEFT JOIN held USING (project_id)
       WHERE known OR place + coalesce(names, 0) <= ${MAX_PROPERTIES}
      ON CONFLICT (project_id, property) DO UPDATE
        SET events = p.events + excluded.events,
            strings = p.strings + excluded.strings,
            booleans = p.booleans + excluded.booleans,
            arrays = p.arrays + excluded.arrays,
            objects = p.objects + excluded.objects,
            examples = CASE
              WHEN cardinality(p.examples) >= ${MAX_EXAMPLES} THEN p.examples
              ELSE ARRAY(SELECT DISTINCT unnest(p.examples || excluded.examples)
                          LIMIT ${MAX_EXAMPLES}) END`,
    { discard: true }
  )

export const addPairs = (sql: SqlClient.SqlClient, all: ReadonlyArray<PairCount>) =>
  Effect.forEach(
    chunks(all),
    (rows) => sql`
      WITH added AS (
        SELECT * FROM unnest(
          ${bigints(rows, ({ projectId }) => projectId)}::bigint[],
          ${rows.map(({ event }) => event)}::text[],
          ${rows.map(({ property }) => property)}::text[],
          ${bigints(rows, ({ events }) => events)}::bigint[])
          AS a (project_id, event, property, events)
      ), held AS (
        SELECT project_id, count(*) AS names FROM control.catalogue_event_properties
         WHERE project_id IN (SELECT project_id FROM added) GROUP BY project_id
      ), placed AS (
        SELECT a.*, k.event IS NOT NULL AS known, row_number() OVER (
                 PARTITION BY a.project_id, k.event IS NULL
                 ORDER BY a.events DESC, a.event, a.property) AS place
          FROM added a LEFT JOIN control.catalogue_event_properties k
            ON k.project_id = a.project_id AND k.event = a.event
           AND k.property = a.property
      )
      INSERT INTO control.catalogue_event_properties AS e
        (project_id, event, property, events)
      SELECT project_id, event, property, events
        FROM placed LEFT JOIN held USING (project_id)
       WHERE known OR place + coalesce(names, 0) <= ${MAX_PAIRS}
      ON CONFLICT (project_id, event, property) DO UPDATE
        SET events = e.events + excluded.events`,
    { discard: true }
  )
