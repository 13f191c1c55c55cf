import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import type { Compiled, QueryContext } from "../../src/query/Compiled.ts"

/** An event as a test writes it; what is missing gets a plain default. */
export interface TestEvent {
  readonly project?: number
  readonly event: string
  readonly type?: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly knownAt?: number
  readonly messageId: string
  readonly person: number
  readonly props?: Record<string, string | number | boolean>
}

export const insertEvents = Effect.fn("insertEvents")(function* (
  events: ReadonlyArray<TestEvent>
) {
  const clickhouse = yield* ClickHouse
  const rows = events.map((event) => ({
    project_id: event.project ?? 1,
    event: event.event,
    type: event.type ?? (event.event.startsWith("$") ? event.event.slice(1) : "track"),
    timestamp: event.at,
    received_at: event.at,
    known_at: event.knownAt ?? event.at,
    message_id: event.messageId,
    id_hash: String(event.person),
    props: Object.fromEntries(
      Object.entries(event.props ?? {}).map(([path, value]) => [
        path,
        JSON.stringify(value)
      ])
    )
  }))
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

export const contextOf = (projectId = 1): QueryContext => ({
  projectId,
  timezone: "UTC",
  now: Date.UTC(2025, 5, 1),
  watermark: Date.UTC(2030, 0, 1),
  hasLinks: false
})

/** Runs what a query was compiled to and decodes the answer. */
export const answer = Effect.fn("answer")(function* <Result>(
  compiled: Compiled<Result>
) {
  const clickhouse = yield* ClickHouse
  const rows = yield* Effect.forEach(compiled.statements, ({ sql, params }) =>
    clickhouse.query(sql, { params })
  )
  return compiled.decode(rows)
})
