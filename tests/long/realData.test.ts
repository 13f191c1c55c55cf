import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { runImport } from "./Cli.ts"
import { writeMsnbc } from "./msnbc.ts"

const datasets = join(import.meta.dir, "../../../shared/datasets")
const day = 86_400_000

// The data sets are not part of the repository; see docs/testing.md.
if (process.env["TEST_LONG"] === "1" && existsSync(datasets))
  describe("real data through cli import", () => {
    let stack: RunningStack
    let client: Client
    const folder = mkdtempSync(join(tmpdir(), "analytics-real-"))

    beforeAll(async () => {
      stack = await startStack()
      client = await makeClient(stack)
    }, 180_000)

    afterAll(async () => {
      await stack?.stop()
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    const text = async (name: string) => {
      const bytes = await Bun.file(join(datasets, name)).bytes()
      return new TextDecoder().decode(name.endsWith(".gz") ? gunzipSync(bytes) : bytes)
    }

    const ask = async <A>(project: Project, body: object): Promise<A> => {
      const answer = await client.query(project, body)
      expect(answer.status).toBe(200)
      return (answer.body as { result: A }).result
    }

    const imported = async (
      name: string,
      file: string,
      rows: number,
      args: ReadonlyArray<string>
    ) => {
      const project = await client.createProject(name)
      const report = await runImport(stack, project.writeKey, file, args)
      expect(report).toEqual({ rows, accepted: rows, rejected: 0, unreadable: 0 })
      const accounting = await client.settled(project, 600_000)
      expect(accounting).toMatchObject({ stored: rows, duplicate: 0, balanced: true })
      return project
    }

    it("CDNOW: monthly revenue and retention of 69,659 purchases", async () => {
      const name = "CDNOW_master.txt.gz"
      const purchases = (await text(name))
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => {
          const [who = "", when = "", , value = ""] = line.trim().split(/\s+/)
          return { who, month: when.slice(0, 6), value: Number(value) }
        })
      const args = [
        ...["--format", "columns", "--event", "purchase"],
        ...["--user-column", "customer_id", "--timestamp-column", "date"],
        ...["--timestamp-format", "yyyyMMdd", "--numbers", "number_of_cds,dollar_value"]
      ]
      const project = await imported("CDNOW", join(datasets, name), 69_659, args)
      const again = ["--again", ...args]
      await runImport(stack, project.writeKey, join(datasets, name), again)
      expect(await client.settled(project, 120_000)).toMatchObject({
        stored: 69_659,
        duplicate: 69_659,
        balanced: true
      })

      const range = { from: "1997-01-01T00:00:00Z", to: "1998-07-01T00:00:00Z" }
      const months = [...new Set(purchases.map((one) => one.month))].sort()
      const trends = await ask<{ series: ReadonlyArray<{ data: Array<number> }> }>(
        project,
        {
          kind: "trends",
          ...range,
          interval: "month",
          series: [
            { event: "purchase", measure: "sum", property: "dollar_value" },
            { event: "purchase", measure: "unique_users" }
          ]
        }
      )
      months.forEach((month, index) => {
        const mine = purchases.filter((one) => one.month === month)
        const revenue = mine.reduce((sum, one) => sum + one.value, 0)
        expect(trends.series[0]?.data[index]).toBeCloseTo(revenue, 4)
        expect(trends.series[1]?.data[index]).toBe(
          new Set(mine.map((one) => one.who)).size
        )
      })

      const first = new Map<string, string>()
      for (const { month, who } of purchases)
        if (month < (first.get(who) ?? "9")) first.set(who, month)
      const table = months.map((cohort, start) =>
        months.slice(start).map((month, period) => {
          const people = purchases.filter(
            (one) => one.month === month && first.get(one.who) === cohort
          )
          return period === 0
            ? [...first.values()].filter((month) => month === cohort).length
            : new Set(people.map((one) => one.who)).size
        })
      )
      const retention = await ask<{
        cohorts: ReadonlyArray<{ counts: ReadonlyArray<number> }>
      }>(project, {
        kind: "retention",
        ...range,
        mode: "first_time",
        interval: "month",
        periods: 18,
        start: { event: "purchase" },
        return: { event: "purchase" }
      })
      expect(retention.cohorts.map((cohort) => [...cohort.counts])).toEqual(table)
    }, 900_000)

    it("Apache log: requests by status of 10,000 lines", async () => {
      const name = "apache_combined_semicomplete_2015.log"
      const project = await imported("apache", join(datasets, name), 10_000, [])
      const statuses = new Map<number, number>()
      for (const line of (await text(name)).trim().split("\n")) {
        const status = Number(/" (\d{3}) /.exec(line)?.[1])
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
      const result = await ask<{
        series: ReadonlyArray<{ breakdown: ReadonlyArray<number>; data: Array<number> }>
      }>(project, {
        kind: "trends",
        from: "2015-05-17T00:00:00Z",
        to: "2015-05-22T00:00:00Z",
        interval: "none",
        includeBots: true,
        series: [{ event: "$pageview", measure: "total" }],
        breakdown: ["status"]
      })
      const got = result.series.map((one) => [one.breakdown[0], one.data[0]] as const)
      expect(new Map(got)).toEqual(statuses)
    }, 300_000)

    it("Sepsis: a funnel over 15,214 hospital events", async () => {
      const name = "sepsis_event_log.csv.gz"
      const rows = (await text(name))
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => {
          const [who = "", event = "", when = ""] = line.split(";")
          return { who, event, at: Date.parse(`${when.replaceAll("/", "-")}Z`) }
        })
      const project = await imported("sepsis", join(datasets, name), 15_214, [
        ...["--delimiter", ";", "--event-column", "Activity"],
        ...["--user-column", "Case ID", "--timestamp-column", "Complete Timestamp"],
        ...["--timestamp-format", "yyyy/MM/dd HH:mm:ss.SSS"]
      ])
      const steps = ["ER Registration", "IV Antibiotics", "Admission NC", "Release A"]
      const window = 30 * day
      const reached = [...Map.groupBy(rows, (row) => row.who).values()].map(
        (events) => {
          const sorted = events.toSorted((a, b) => a.at - b.at)
          const entries = sorted.filter((event) => event.event === steps[0])
          return Math.max(
            0,
            ...entries.map((entry) => {
              let at = entry.at
              let step = 1
              for (;;) {
                const next = sorted.find(
                  (event) =>
                    event.event === steps[step] &&
                    event.at >= at &&
                    event.at <= entry.at + window
                )
                if (next === undefined) return step
                at = next.at
                step++
              }
            })
          )
        }
      )
      const funnel = await ask<{
        groups: ReadonlyArray<{ steps: ReadonlyArray<{ count: number }> }>
      }>(project, {
        kind: "funnel",
        from: "2013-01-01T00:00:00Z",
        to: "2016-01-01T00:00:00Z",
        order: "ordered",
        windowSeconds: window / 1000,
        steps: steps.map((event) => ({ event }))
      })
      expect(funnel.groups[0]?.steps.map((step) => step.count)).toEqual(
        steps.map((_, step) => reached.filter((count) => count > step).length)
      )
    }, 300_000)

    it("MSNBC: top categories of 4,698,794 page views", async () => {
      const file = join(folder, "msnbc.ndjson")
      const truth = await writeMsnbc(join(datasets, "msnbc990928.zip"), file)
      expect(truth.views).toBe(4_698_794)
      const project = await imported("MSNBC", file, truth.views, ["--concurrency", "8"])
      const result = await ask<{
        series: ReadonlyArray<{ breakdown: ReadonlyArray<string>; data: Array<number> }>
      }>(project, {
        kind: "trends",
        from: "1999-09-28T00:00:00Z",
        to: "1999-10-12T00:00:00Z",
        interval: "none",
        series: [{ event: "$pageview", measure: "total" }],
        breakdown: ["category"]
      })
      const got = result.series.map((one) => [one.breakdown[0], one.data[0]] as const)
      expect(new Map(got)).toEqual(truth.byCategory)
    }, 1_800_000)
  })
