import { breakdownValue } from "@analytics/analytics-core/query/breakdownValue"
import { builtInNames } from "@analytics/analytics-core/query/Property"
import { within } from "@analytics/database/PostgresRetry"
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import type { ProjectId } from "../projects/Project.ts"
import type {
  CatalogueEvents,
  CatalogueProperties,
  CatalogueValues,
  Search
} from "./Catalogue.ts"

interface EventRow {
  readonly name: string
  readonly events: bigint
  readonly firstSeen: Date
  readonly lastSeen: Date
}

interface PropertyRow {
  readonly property: string
  readonly count: bigint
  readonly events: bigint
  readonly strings: bigint
  readonly booleans: bigint
  readonly arrays: bigint
  readonly objects: bigint
  readonly examples: ReadonlyArray<string>
}

/** The catalogue's tables, read: at most some thousand short rows of one project. */
export class CatalogueRepo extends Context.Service<
  CatalogueRepo,
  {
    events(
      projectId: ProjectId,
      search: Search
    ): Effect.Effect<CatalogueEvents, ControlUnavailable>
    /** With `event`: of the events' own properties only those that events of it have. */
    properties(
      projectId: ProjectId,
      search: Search & { readonly event?: string }
    ): Effect.Effect<CatalogueProperties, ControlUnavailable>
    values(
      projectId: ProjectId,
      property: string
    ): Effect.Effect<CatalogueValues, ControlUnavailable>
  }
>()("@analytics/analytics-api/catalogue/CatalogueRepo") {
  static readonly layer = Layer.effect(
    CatalogueRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const moment = Effect.gen(function* () {
        const [row] = yield* sql<{ asOf: Date | null }>`
          SELECT as_of FROM control.catalogue_progress`
        const asOf = row?.asOf ?? null
        const now = yield* Clock.currentTimeMillis
        return { asOf, lagMs: asOf === null ? null : Math.max(0, now - asOf.getTime()) }
      })

      /** The rows, and the moment before which they cannot be. */
      const answered = <A, E>(rows: Effect.Effect<A, E>) =>
        Effect.all([moment, rows], { concurrency: "unbounded" }).pipe(
          within("5 seconds")
        )

      const builtIns = sql`
        SELECT name AS property, name AS folded, false AS own, 0::bigint AS events,
               0::bigint AS strings, 0::bigint AS booleans, 0::bigint AS arrays,
               0::bigint AS objects, '{}'::text[] AS examples
          FROM unnest(${builtInNames}::text[]) AS name`

      return CatalogueRepo.of({
        events: Effect.fn("CatalogueRepo.events")(
          function* (projectId, { limit, search }) {
            const text = search.toLowerCase()
            const [when, rows] = yield* answered(sql<EventRow>`
              SELECT name, events, first_seen, last_seen
                FROM control.catalogue_events
               WHERE project_id = ${projectId}::bigint
                 AND strpos(folded, ${text}::text) > 0
               ORDER BY starts_with(folded, ${text}::text) DESC, events DESC, name
               LIMIT ${limit}`)
            const events = rows.map(({ events: count, firstSeen, lastSeen, name }) => ({
              event: name,
              count: Number(count),
              firstSeen,
              lastSeen
            }))
            return { events, ...when }
          },
          Effect.catchTag("SqlError", unavailable)
        ),
        properties: Effect.fn("CatalogueRepo.properties")(
          function* (projectId, { event = null, limit, search }) {
            const text = search.toLowerCase()
            const found = sql`
              SELECT property, folded, own, events, strings, booleans, arrays, objects,
                     examples
                FROM control.catalogue_properties
               WHERE project_id = ${projectId}::bigint
                 AND strpos(folded, ${text}::text) > 0
               UNION ALL
              SELECT * FROM (${builtIns}) AS b
               WHERE strpos(folded, ${text}::text) > 0
                 AND NOT EXISTS (SELECT FROM control.catalogue_properties AS k
                                  WHERE k.project_id = ${projectId}::bigint
                                    AND k.property = b.property)`
            // Only with an event, because thousands of look-ups cost more than the rest.
            const counted =
              event === null
                ? sql`SELECT *, events AS count FROM (${found}) AS p`
                : sql`
              SELECT p.*, coalesce(e.events, p.events) AS count
                FROM found AS p
                LEFT JOIN control.catalogue_event_properties AS e
                  ON e.project_id = ${projectId}::bigint AND e.event = ${event}::text
                 AND e.property = p.property
               WHERE NOT own OR e.property IS NOT NULL`
            const first =
              event === null ? sql`` : sql`WITH found AS MATERIALIZED (${found})`
            const [when, rows] = yield* answered(sql<PropertyRow>`
              ${first}
              SELECT property, count, events, strings, booleans, arrays, objects, examples
                FROM (${counted}) AS p
               ORDER BY starts_with(folded, ${text}::text) DESC, count DESC, property
               LIMIT ${limit}`)
            return { properties: rows.map(propertyOf), ...when }
          },
          Effect.catchTag("SqlError", unavailable)
        ),
        values: Effect.fn("CatalogueRepo.values")(
          function* (projectId, property) {
            const [when, [row]] = yield* answered(sql<Pick<PropertyRow, "examples">>`
              SELECT examples FROM control.catalogue_properties
               WHERE project_id = ${projectId}::bigint AND property = ${property}`)
            return { property, values: (row?.examples ?? []).map(exampleOf), ...when }
          },
          Effect.catchTag("SqlError", unavailable)
        )
      })
    })
  )
}

const exampleOf = (json: string): unknown => breakdownValue("json", json)

const propertyOf = (row: PropertyRow): CatalogueProperties["properties"][number] => {
  const numbers = row.events - row.strings - row.booleans - row.arrays - row.objects
  const types = [
    { type: "string" as const, events: row.strings },
    { type: "number" as const, events: numbers },
    { type: "boolean" as const, events: row.booleans },
    { type: "array" as const, events: row.arrays },
    { type: "object" as const, events: row.objects }
  ]
  return {
    property: row.property,
    count: Number(row.count),
    types: types
      .filter(({ events }) => events > 0n)
      .toSorted((a, b) => Number(b.events - a.events))
      .map(({ type }) => type),
    examples: row.examples.map(exampleOf)
  }
}
