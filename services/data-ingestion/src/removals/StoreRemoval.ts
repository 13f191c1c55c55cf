import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import type { Topology } from "@analytics/database/Topology"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import type { Removal } from "./Removal.ts"
import { events, ofPerson, type StorePlace, storePlaces } from "./storePlaces.ts"

/** The store says it has removed rows, and still answers some. */
export class RowsLeft extends Schema.TaggedError<RowsLeft>()("RowsLeft", {
  table: Schema.String,
  rows: Schema.Int
}) {}

/** Characters of one statement: a person may have very many ids. */
const settings = { max_query_size: "67108864" }
const MUTATION = { ...settings, mutations_sync: "2" } as const
/** Whole projects are read. Mutations go on by themselves, and are looked at again. */
const timeout = Duration.minutes(10)
/** Characters of ids in the parameters of one statement. */
const MOST_TEXT = 8192
/** Times that two counts are taken which a batch between them makes differ. */
const LOOKS = 20

const unfinishedSql = (topology: Topology) => `
  SELECT count() AS n FROM ${topology.onEveryNode("system.mutations")}
   WHERE database = currentDatabase() AND NOT is_done
     AND table IN {tables:Array(String)}`

const PARTS_SQL = `
  SELECT name, rows FROM system.parts
   WHERE database = currentDatabase() AND table = 'events' AND active`

type Counts = Readonly<Record<string, number>>

/** Removals in the event store. Every step may be repeated. */
export class StoreRemoval extends Context.Service<
  StoreRemoval,
  {
    /** Whether a mutation of ours still runs: it must not be asked for twice. */
    readonly isBusy: Effect.Effect<boolean, ClickHouseError>
    /** Rows by table of each of these; a row of several counts for the first. */
    count(
      removals: ReadonlyArray<Removal>
    ): Effect.Effect<ReadonlyArray<Counts>, ClickHouseError>
    /** One mutation of each table for all of them, where there are rows. */
    remove(removals: ReadonlyArray<Removal>): Effect.Effect<void, ClickHouseError>
    /** Fails if the table or one of its projections still answers a row. */
    verify(
      removals: ReadonlyArray<Removal>
    ): Effect.Effect<void, ClickHouseError | RowsLeft>
    /** Queries need not leave them out any more. */
    forget(removals: ReadonlyArray<Removal>): Effect.Effect<void, ClickHouseError>
  }
>()("@analytics/data-ingestion/removals/StoreRemoval") {
  static readonly layer = Layer.effect(
    StoreRemoval,
    Effect.gen(function* () {
      const store = yield* ClickHouse
      const { topology } = store

      const countOf = (table: string, condition: string, projections: 0 | 1 = 1) =>
        store
          .query<{ n: string }>(
            `SELECT count() AS n FROM ${topology.everyCopyOf(table)} WHERE ${condition}`,
            {
              settings: { ...settings, optimize_use_projections: projections },
              timeout
            }
          )
          .pipe(Effect.map(([row]) => Number(row?.n ?? 0)))

      /**
       * Parts of which every row goes, gone at once; a part that was merged meanwhile stays.
       * Not in a cluster, where parts of two shards may have one name.
       */
      const dropParts = Effect.fn("StoreRemoval.dropParts")(function* (
        condition: string
      ) {
        if (topology.cluster !== undefined) return
        const held = yield* store.query<{ part: string; n: string }>(
          `SELECT _part AS part, count() AS n FROM events WHERE ${condition} GROUP BY part`,
          { settings: { ...settings, optimize_use_projections: 0 }, timeout }
        )
        const sizes = new Map(
          (yield* store.query<{ name: string; rows: string }>(PARTS_SQL)).map(
            ({ name, rows }) => [name, rows]
          )
        )
        for (const { n, part } of held)
          if (sizes.get(part) === n && /^[A-Za-z0-9_]+$/u.test(part))
            yield* Effect.ignore(
              store.command(`ALTER TABLE events DROP PART '${part}'`)
            )
      })

      /** Another person's events may name an erased device: they stay without it. */
      const blank = Effect.fnUntraced(function* (
        removal: Removal,
        column: "anonymous_id" | "previous_id"
      ) {
        for (const ids of portions(removal.ids)) {
          const theirs = `project_id = ${removal.projectId}
            AND ${column} IN {ids:Array(String)} AND NOT (${events.rowsOf(removal)})
            AND toUnixTimestamp64Milli(received_at) <= ${removal.requestedAt}`
          const [row] = yield* store.query<{ n: string }>(
            `SELECT count() AS n FROM events WHERE ${theirs}`,
            { params: { ids }, settings, timeout }
          )
          if (Number(row?.n ?? 0) > 0)
            yield* store.command(
              topology.alter("events", `UPDATE ${column} = '' WHERE ${theirs}`),
              { params: { ids }, settings: MUTATION }
            )
        }
      })

      /** Whether the projections say the same as the table. */
      const agree = Effect.fnUntraced(function* (condition: string) {
        for (let look = 0; look < LOOKS; look++) {
          const rows = yield* countOf("events", condition, 0)
          const projected = yield* countOf("events", condition, 1)
          if (rows === projected) return 0
          // A batch may have been stored between the two.
          if (look === LOOKS - 1) return projected - rows
          yield* Effect.sleep("50 millis")
        }
        return 0
      })

      return StoreRemoval.of({
        isBusy: store
          .query<{ n: string }>(unfinishedSql(topology), {
            params: { tables: storePlaces.map(({ table }) => topology.stored(table)) }
          })
          .pipe(
            Effect.map(([row]) => Number(row?.n ?? 0) > 0),
            Effect.withSpan("StoreRemoval.isBusy")
          ),

        count: Effect.fn("StoreRemoval.count")(function* (removals) {
          const counts = removals.map((): Record<string, number> => ({}))
          for (const { rowsOf, table } of storePlaces) {
            const conditions = removals.map(rowsOf)
            if (conditions.every((condition) => condition === undefined)) continue
            const first = conditions
              .map((condition, index) => `${condition ?? "0"}, ${index}`)
              .join(", ")
            const rows = yield* store.query<{ nr: number; n: string }>(
              `SELECT toInt32(multiIf(${first}, -1)) AS nr, count() AS n
                 FROM ${quoteName(table)} WHERE ${either(conditions)} GROUP BY nr`,
              { settings, timeout }
            )
            for (const { n, nr } of rows) {
              const own = counts[nr]
              if (own !== undefined) own[table] = Number(n)
            }
          }
          return counts
        }),

        remove: Effect.fn("StoreRemoval.remove")(function* (removals) {
          for (const removal of removals)
            if (removal.kind === "person")
              for (const column of ["anonymous_id", "previous_id"] as const)
                yield* blank(removal, column)
          const ranges = removals.flatMap((each) =>
            each.kind === "person" ? [] : [events.rowsOf(each)]
          )
          if (ranges.length > 0) yield* dropParts(either(ranges))
          for (const { rowsOf, table } of storePlaces) {
            const condition = either(removals.map(rowsOf))
            if (condition === "0" || (yield* countOf(table, condition, 0)) === 0)
              continue
            yield* store.command(topology.alter(table, `DELETE WHERE ${condition}`), {
              settings: MUTATION
            })
          }
        }),

        verify: Effect.fn("StoreRemoval.verify")(function* (removals) {
          for (const removal of removals) {
            for (const place of storePlaces) yield* nothingIn(place, removal)
            const person = ofPerson(removal)
            const surplus = person === undefined ? 0 : yield* agree(person)
            if (surplus !== 0)
              return yield* new RowsLeft({ table: "events", rows: surplus })
          }
          // Hours ago: no batch that is stored now belongs there.
          for (const projectId of new Set(removals.map((each) => each.projectId))) {
            const counted = `project_id = ${projectId}
              AND toStartOfHour(known_at) < toStartOfHour(now() - INTERVAL 1 HOUR)`
            const rows = yield* agree(counted)
            if (rows !== 0) return yield* new RowsLeft({ table: "events", rows })
          }
        }),

        forget: Effect.fn("StoreRemoval.forget")((removals) =>
          removals.length === 0
            ? Effect.void
            : store.command(
                topology.alter("removals", "DELETE WHERE removal IN {ids:Array(UUID)}"),
                {
                  params: { ids: removals.map(({ id }) => id) },
                  settings: { mutations_sync: "2" }
                }
              )
        )
      })

      function nothingIn({ rowsOf, table }: StorePlace, removal: Removal) {
        return Effect.gen(function* () {
          const condition = rowsOf(removal)
          if (condition === undefined) return
          for (const projections of [0, 1] as const) {
            const rows = yield* countOf(table, condition, projections)
            if (rows !== 0) return yield* new RowsLeft({ table, rows })
          }
        })
      }
    })
  )
}

const either = (conditions: ReadonlyArray<string | undefined>): string => {
  const given = conditions.flatMap((each) => (each === undefined ? [] : [`(${each})`]))
  return given.length === 0 ? "0" : given.join(" OR ")
}

function* portions(ids: ReadonlyArray<string>) {
  let portion: Array<string> = []
  let size = 0
  for (const id of ids) {
    if (portion.length > 0 && size + id.length > MOST_TEXT) {
      yield portion
      portion = []
      size = 0
    }
    portion.push(id)
    size += id.length
  }
  if (portion.length > 0) yield portion
}
