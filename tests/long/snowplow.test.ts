import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { parse } from "csv-parse/sync"
import type { Project } from "../e2e/Client.ts"
import { type OracleStack, startOracleStack } from "../oracle/OracleStack.ts"
import { type SnowplowRow, snowplowEvents } from "./snowplow.ts"

const folder = join(import.meta.dir, "../../../shared/datasets/snowplow-web-0.15.2")

/** What its model documents: an id of the session, at most 3 days late, 3 days long. */
const counted = [
  { property: "domain_sessionid", op: "is_set" },
  { property: "daysLate", op: "lte", value: 3 },
  { property: "sessionAgeDays", op: "lte", value: 3 }
]
/** A session or a user needs a page view or a ping of a known page view. */
const onPages = [
  ...counted,
  { property: "page_view_id", op: "is_set" },
  { property: "$event", op: "in", value: ["page_view", "page_ping"] }
]

// The data set is not part of the repository; see docs/testing.md.
if (process.env["TEST_LONG"] === "1" && existsSync(folder))
  describe("Snowplow's own test input", () => {
    let stack: OracleStack
    let project: Project

    const rows = async (name: string): Promise<ReadonlyArray<SnowplowRow>> =>
      parse(await Bun.file(join(folder, `snowplow_web_${name}.csv`)).text(), {
        columns: true
      })

    /** Totals by the values of some properties, over everything. */
    const groups = async (
      breakdown: ReadonlyArray<string>,
      filters: ReadonlyArray<object>,
      series: object = { measure: "total" }
    ) => {
      const { result } = await stack.ask(project, {
        kind: "trends",
        from: "2020-01-01T00:00:00Z",
        to: "2022-01-01T00:00:00Z",
        timezone: "UTC",
        interval: "none",
        series: [series],
        filters,
        breakdown,
        breakdownLimit: 1000
      })
      const { series: found } = result as {
        series: ReadonlyArray<{ breakdown: ReadonlyArray<string>; data: Array<number> }>
      }
      return found.map((one) => ({ values: one.breakdown, count: one.data[0] ?? 0 }))
    }

    const tally = (values: ReadonlyArray<string | undefined>) => {
      const counts = new Map<string, number>()
      for (const value of values)
        if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
      return counts
    }

    const published = (
      expected: ReadonlyArray<SnowplowRow>,
      key: string,
      column: string
    ) => new Map(expected.map((row) => [row[key] ?? "", Number(row[column])]))

    beforeAll(async () => {
      stack = await startOracleStack()
      project = await stack.projectWith(snowplowEvents(await rows("events")))
    }, 180_000)

    afterAll(() => stack?.stop(), 60_000)

    it("counts each event once", async () => {
      const { stored, duplicate } = await stack.client.accounting(project)
      const ids = new Set((await rows("events")).map((row) => row["event_id"]))
      expect(stored).toBe(ids.size)
      expect(stored + duplicate).toBe(160)
    })

    it("has its 43 page views", async () => {
      const found = await groups(["page_view_id"], onPages, {
        measure: "total",
        event: "page_view"
      })
      const expected = await rows("page_views_expected")
      expect(expected.length).toBe(43)
      expect(found.map((one) => one.values[0] ?? "").sort()).toEqual(
        expected.map((row) => row["page_view_id"] ?? "").sort()
      )
    })

    it("has its 18 sessions, with their events and page views", async () => {
      const expected = await rows("sessions_expected")
      expect(expected.length).toBe(18)
      const found = await groups(["domain_sessionid"], onPages)
      const ids = found.map((one) => one.values[0] ?? "")
      expect(ids.sort()).toEqual(
        expected.map((row) => row["domain_sessionid"] ?? "").sort()
      )
      const events = await groups(["domain_sessionid"], counted)
      expect(
        new Map(
          events
            .filter((one) => ids.includes(one.values[0] ?? ""))
            .map((one) => [one.values[0] ?? "", one.count])
        )
      ).toEqual(published(expected, "domain_sessionid", "total_events"))
      const views = await groups(["domain_sessionid", "page_view_id"], onPages)
      const perSession = tally(views.map((one) => one.values[0]))
      expect(new Map(ids.map((id) => [id, perSession.get(id) ?? 0]))).toEqual(
        published(expected, "domain_sessionid", "page_views")
      )
    })

    it("has its 11 users, with their sessions and page views", async () => {
      const expected = await rows("users_expected")
      expect(expected.length).toBe(11)
      const known = [...onPages, { property: "domain_userid", op: "is_set" }]
      const [all] = await groups([], known, { measure: "unique_users" })
      expect(all?.count).toBe(11)
      const sessions = await groups(["domain_userid", "domain_sessionid"], known)
      expect(tally(sessions.map((one) => one.values[0]))).toEqual(
        published(expected, "domain_userid", "sessions")
      )
      const views = await groups(
        ["domain_userid", "domain_sessionid", "page_view_id"],
        known
      )
      expect(tally(views.map((one) => one.values[0]))).toEqual(
        published(expected, "domain_userid", "page_views")
      )
    })
  })
