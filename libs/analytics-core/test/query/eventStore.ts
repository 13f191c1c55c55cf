import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, type Schema } from "effect"
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
  /** By path, as the store keeps them: `null` is left out. */
  readonly props?: Readonly<Record<string, Schema.Json>>
  /** The same as JSON texts, for numbers that a double cannot hold. */
  readonly leaves?: Readonly<Record<string, string>>
  readonly context?: Readonly<Record<string, Schema.Json>>
  readonly isBot?: boolean
  readonly browser?: string
  readonly groupType?: string
  readonly groupId?: string
}

/** From `knownAt` on, `id` is `person`. */
export interface TestLink {
  readonly project: number
  readonly id: number
  readonly person: number
  readonly knownAt: number
  readonly version: number
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
    props: { ...leafTexts(event.props), ...event.leaves },
    context: leafTexts(event.context),
    is_bot: event.isBot ? 1 : 0,
    browser: event.browser ?? "",
    path: pagePathOf(event) ?? "",
    group_type: event.groupType ?? "",
    group_id: event.groupId ?? ""
  }))
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

/** What the loader keeps as the path of the page: a text that is not empty. */
export const pagePathOf = ({ context, props }: TestEvent): string | undefined =>
  [context?.["page.path"], props?.["path"]].find(
    (path): path is string => typeof path === "string" && path !== ""
  )

const leafTexts = (leaves: TestEvent["props"]) =>
  Object.fromEntries(
    Object.entries(leaves ?? {})
      .filter(([, value]) => value !== null)
      .map(([path, value]) => [path, JSON.stringify(value)])
  )

export const insertLinks = Effect.fn("insertLinks")(function* (
  links: ReadonlyArray<TestLink>
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "person_links",
    format: "JSONEachRow",
    body: links
      .map((link) =>
        JSON.stringify({
          project_id: link.project,
          id_hash: String(link.id),
          person: String(link.person),
          known_at: link.knownAt,
          version: link.version
        })
      )
      .join("\n")
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
export const answer = Effect.fn("answer")(function* <Result, Refusal>(
  compiled: Compiled<Result, Refusal>
) {
  const clickhouse = yield* ClickHouse
  const rows = yield* Effect.forEach(compiled.statements, ({ sql, params }) =>
    clickhouse.query(sql, { params })
  )
  return compiled.decode(rows)
})
