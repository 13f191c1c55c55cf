import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import {
  eventsByDay,
  eventsCount,
  eventsJson,
  eventsTable
} from "../../../src/query/export/exportedEvents.ts"
import { nested } from "../../../src/query/nested.ts"
import { render, type Sql } from "../../../src/query/Sql.ts"
import { contextOf } from "../eventStore.ts"

const DAY = 86_400_000
const START = Date.UTC(2025, 2, 1)
const all = { from: 0, to: Date.UTC(2100, 0, 1) }

const settings = { output_format_json_escape_forward_slashes: 0 as const }

const ask = Effect.fnUntraced(function* (fragment: Sql) {
  const clickhouse = yield* ClickHouse
  const { params, sql } = render(fragment)
  return (yield* clickhouse.table(sql, { params, settings })).rows
})

/** The lines as they are written, each read again. */
const linesOf = (fragment: Sql) =>
  Effect.map(ask(fragment), (rows) =>
    rows.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
  )

interface Stored {
  readonly id: string
  readonly at?: number
  readonly type?: string
  readonly event?: string
  readonly user?: string
  readonly anonymous?: string
  readonly props?: Readonly<Record<string, string>>
  readonly idHash?: bigint
}

const store = Effect.fnUntraced(function* (
  project: number,
  events: ReadonlyArray<Stored>
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: events
      .map((it) =>
        JSON.stringify({
          project_id: project,
          event: it.event ?? "e",
          type: it.type ?? "track",
          timestamp: it.at ?? START,
          received_at: START,
          known_at: START,
          message_id: it.id,
          user_id: it.user ?? "",
          anonymous_id: it.anonymous ?? "",
          previous_id: it.type === "alias" ? "before" : "",
          group_id: it.type === "group" ? "g1" : "",
          group_type: it.type === "group" ? "company" : "",
          id_hash: String(it.idHash ?? 1n),
          props: it.props ?? {},
          context: {}
        })
      )
      .join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

/** Paths as they are stored, of objects of any depth and with any names. */
const leavesOf = (object: object, prefix = ""): Record<string, string> =>
  Object.assign(
    {},
    ...Object.entries(object).map(([name, value]) => {
      const path = prefix + name.replace(/[\\.]/g, "\\$&")
      return Schema.is(Schema.Record(Schema.String, Schema.Unknown))(value) &&
        !Array.isArray(value) &&
        Object.keys(value).length > 0
        ? leavesOf(value, `${path}.`)
        : { [path]: JSON.stringify(value) }
    })
  )

const { object } = fc.letrec<{ object: object; value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
      fc.boolean()
    ),
    fc.array(fc.integer(), { maxLength: 2 }),
    tie("object")
  ),
  object: fc.dictionary(
    fc.oneof(
      fc.constantFrom(
        "a",
        "b",
        "a.b",
        "a\\",
        "\\.",
        "",
        ".",
        "x\ny",
        'quote"',
        "ä€",
        "/"
      ),
      fc.string({ unit: "grapheme", maxLength: 3 })
    ),
    tie("value"),
    { maxKeys: 4 }
  )
}))

describe("exported events", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("carry properties as they were sent, however they nest", () =>
    Effect.gen(function* () {
      const drawn = fc
        .sample(object, { numRuns: 500, seed: 4 })
        .map((it) => leavesOf(it))
      yield* store(
        1,
        drawn.map((props, index) => ({ id: `m${index}`, props, user: "u" }))
      )
      const lines = yield* linesOf(eventsJson({}, all, contextOf(1)))
      expect(lines).toHaveLength(drawn.length)
      const byId = new Map(lines.map((line) => [line["messageId"], line["properties"]]))
      drawn.forEach((props, index) => {
        const expected = nested(Object.entries(props))
        expect(byId.get(`m${index}`) ?? {}).toEqual(expected)
      })
    })
  )

  effect("say all that makes them the same events elsewhere", () =>
    Effect.gen(function* () {
      const props = { "plan.name": '"pro"' }
      yield* store(2, [
        { id: "1", user: "u", anonymous: "a", props },
        { id: "2", type: "identify", event: "$identify", user: "u", props },
        { id: "3", type: "identify", event: "$identify", user: "u" },
        { id: "4", type: "group", event: "$group", user: "u", props },
        { id: "5", type: "alias", event: "$alias", user: "u" },
        { id: "6" }
      ])
      const lines = yield* linesOf(eventsJson({}, all, contextOf(2)))
      const times = {
        timestamp: "2025-03-01T00:00:00.000Z",
        receivedAt: "2025-03-01T00:00:00.000Z",
        isBot: false
      }
      const sorted = lines.sort((one, other) =>
        String(one["messageId"]) < String(other["messageId"]) ? -1 : 1
      )
      const plan = { plan: { name: "pro" } }
      expect(sorted).toEqual([
        {
          messageId: "1",
          type: "track",
          event: "e",
          userId: "u",
          anonymousId: "a",
          properties: plan,
          ...times
        },
        {
          messageId: "2",
          type: "identify",
          event: "$identify",
          userId: "u",
          traits: plan,
          ...times
        },
        {
          messageId: "3",
          type: "identify",
          event: "$identify",
          userId: "u",
          traits: {},
          ...times
        },
        {
          messageId: "4",
          type: "group",
          event: "$group",
          userId: "u",
          groupId: "g1",
          groupType: "company",
          traits: plan,
          ...times
        },
        {
          messageId: "5",
          type: "alias",
          event: "$alias",
          userId: "u",
          previousId: "before",
          ...times
        },
        { messageId: "6", type: "track", event: "e", userId: "", ...times }
      ])
      const rows = yield* ask(eventsTable({}, all, contextOf(2)))
      expect(rows).toHaveLength(6)
    })
  )

  effect("are cut into parts that leave nothing out", () =>
    Effect.gen(function* () {
      const half = 2n ** 63n
      yield* store(3, [
        { id: "1", at: START, idHash: 0n },
        { id: "2", at: START + DAY - 1, idHash: half - 1n },
        { id: "3", at: START + DAY, idHash: half },
        { id: "4", at: START + DAY, idHash: 2n ** 64n - 1n, event: "other" }
      ])
      const context = contextOf(3)
      expect(yield* ask(eventsByDay({}, all, context))).toEqual(
        [
          [START / DAY, "2"],
          [START / DAY + 1, "2"]
        ].map(([day, events]) => [String(day), events])
      )
      const countOf = (part: object, request = {}) =>
        Effect.map(ask(eventsCount(request, { ...all, ...part }, context)), ([row]) =>
          Number(row?.[0])
        )
      expect(yield* countOf({ from: START + DAY })).toBe(2)
      expect(yield* countOf({ to: START + DAY })).toBe(2)
      expect(yield* countOf({ hashes: { first: 0n, last: half - 1n } })).toBe(2)
      expect(yield* countOf({ hashes: { first: half, last: 2n ** 64n - 1n } })).toBe(2)
      expect(yield* countOf({}, { event: "other" })).toBe(1)
    })
  )

  effect("are those that fit filters, of any type", () =>
    Effect.gen(function* () {
      yield* store(4, [
        { id: "1", props: { plan: '"pro"' } },
        { id: "2", props: { plan: '"free"' } },
        { id: "3", type: "identify", event: "$identify", props: { plan: '"pro"' } }
      ])
      const filters = [{ property: "plan", op: "is" as const, value: "pro" }]
      const lines = yield* linesOf(eventsJson({ filters }, all, contextOf(4)))
      expect(lines.map((line) => line["messageId"]).sort()).toEqual(["1", "3"])
      const traits = [{ property: "user.plan", op: "is" as const, value: "pro" }]
      const those = yield* linesOf(
        eventsJson({ event: "e", filters: traits }, all, contextOf(4))
      )
      expect(those).toHaveLength(2)
    })
  )
})
