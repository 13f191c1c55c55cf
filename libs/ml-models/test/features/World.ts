import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"

export const DAY = 86_400_000

type Leaf = string | number | boolean | ReadonlyArray<string | number>

/** An event of a small world. Ids are numbers below 64; odd ones are users. */
export interface WorldEvent {
  readonly id: number
  readonly name: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly knownAt: number
  readonly isBot: boolean
  /** Names nobody: a placeholder for a userId and no anonymousId. */
  readonly isNobody: boolean
  readonly props: Readonly<Record<string, Leaf>>
}

export interface WorldLink {
  readonly id: number
  readonly person: number
  readonly knownAt: number
}

export interface World {
  readonly events: ReadonlyArray<WorldEvent>
  readonly links: ReadonlyArray<WorldLink>
  /** Ids whose events were erased, whatever they were. */
  readonly erased: ReadonlyArray<number>
}

/** Spread over all numbers a person can have, so that parts cut between them. */
export const hashOf = (id: number): bigint => BigInt(id) * 2n ** 58n

/** The text of an id: what an event says, and what a row to be scored says. */
export const textOf = (id: number) => (id % 2 === 1 ? `u${id}` : `a${id}`)

export const nobody = (event: number): bigint => BigInt(1000 + event)

export const storeWorlds = Effect.fn("storeWorlds")(function* (
  worlds: ReadonlyArray<{ readonly project: number; readonly world: World }>
) {
  const clickhouse = yield* ClickHouse
  const insert = (table: string, rows: ReadonlyArray<object>) =>
    rows.length === 0
      ? Effect.void
      : clickhouse.insert({
          table,
          format: "JSONEachRow",
          body: rows.map((row) => JSON.stringify(row)).join("\n"),
          settings: { insert_deduplicate: 0 }
        })
  yield* insert(
    "events",
    worlds.flatMap(({ project, world }) =>
      world.events.map((event, index) => ({
        project_id: project,
        event: event.name,
        type: event.name.startsWith("$") ? event.name.slice(1) : "track",
        timestamp: event.at,
        received_at: event.knownAt,
        known_at: event.knownAt,
        message_id: messageId(index),
        user_id: event.isNobody ? " Null" : event.id % 2 === 1 ? textOf(event.id) : "",
        anonymous_id: event.isNobody || event.id % 2 === 1 ? "" : textOf(event.id),
        id_hash: String(event.isNobody ? nobody(index) : hashOf(event.id)),
        props: Object.fromEntries(
          Object.entries(event.props).map(([path, leaf]) => [
            path,
            JSON.stringify(leaf)
          ])
        ),
        is_bot: event.isBot ? 1 : 0
      }))
    )
  )
  yield* insert(
    "person_links",
    worlds.flatMap(({ project, world }) =>
      world.links.map((link, index) => ({
        project_id: project,
        id_hash: String(hashOf(link.id)),
        person: String(hashOf(link.person)),
        known_at: link.knownAt,
        version: index
      }))
    )
  )
  yield* insert(
    "removals",
    worlds.flatMap(({ project, world }) =>
      world.erased.map((id) => ({
        project_id: project,
        removal: crypto.randomUUID(),
        is_range: 0,
        id_hash: String(hashOf(id)),
        from_at: 0,
        to_at: 0,
        received_until: Date.UTC(2100, 0, 1),
        known_until: Date.UTC(2100, 0, 1)
      }))
    )
  )
})

export const messageId = (index: number) => `m${String(index).padStart(5, "0")}`
