import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { countMessages, emptyMessages } from "../../src/types/removal/namedMessages.ts"

const { effect } = withLayer(TestPostgres.client)
const later = Date.parse("2100-01-01T00:00:00Z")

const told = Effect.fnUntraced(function* (
  projectId: number,
  about: string,
  content: object
) {
  const sql = yield* SqlClient.SqlClient
  const message = { kind: "report", title: "People", summary: "s", at: "2026-11-23" }
  yield* sql`
    INSERT INTO reports.messages (id, project_id, about, content)
    VALUES (${Bun.randomUUIDv7()}::uuid, ${String(projectId)}::text::bigint, ${about},
            ${JSON.stringify({ ...message, data: null, ...content })}::text::jsonb)`
})

const said = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{
    about: string
    content: Readonly<Record<string, unknown>>
  }>`
    SELECT about, content FROM reports.messages ORDER BY about`
  return Object.fromEntries(rows.map(({ about, content }) => [about, content]))
})

describe("messages that name a person", () => {
  effect("lose their words, and no others do", () =>
    Effect.gen(function* () {
      yield* told(1, "data", { data: { differences: ["ann@example.com"] } })
      yield* told(1, "html", { html: "<td>ann@example.com</td>" })
      yield* told(1, "escaped", { html: "<td>a&amp;b&lt;c&gt; d</td>" })
      yield* told(1, "short", { html: "<td>u1</td>" })
      yield* told(1, "chance", { html: "<td>u12</td><p>au1</p>" })
      yield* told(1, "others", { text: "bob@example.com" })
      yield* told(2, "theirs", { text: "ann@example.com" })
      const ids = ["ann@example.com", "a&b<c> d", "u1"]
      expect(yield* countMessages(1, ids, later)).toBe(4)
      expect(yield* countMessages(1, ids, 0)).toBe(0)
      yield* emptyMessages(1, ids, later)
      expect(yield* countMessages(1, ids, later)).toBe(0)
      const now = yield* said
      expect(
        Object.keys(now).filter((about) => now[about]?.["summary"] !== "s")
      ).toEqual(["data", "escaped", "html", "short"])
      expect(Object.keys(now["html"] ?? {}).sort()).toEqual([
        "at",
        "data",
        "kind",
        "summary",
        "title"
      ])
      expect(now["html"]).toMatchObject({ kind: "report", title: "People", data: null })
      expect(now["html"]?.["summary"]).toContain("erased")
    })
  )
})
