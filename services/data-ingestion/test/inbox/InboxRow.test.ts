import { describe, expect, it } from "bun:test"
import { frameLines } from "@analytics/data-processing/InboxEvent"
import { partitionsAt } from "../../src/inbox/InboxPartitions.ts"
import { countsOf, rowsOf } from "../../src/inbox/InboxRow.ts"
import { type MapNow, undivided } from "../../src/inbox/ShardMap.ts"

/** Everything to shard 0 but `d`. */
const divided: MapNow = {
  version: 3,
  shardsOf: (_, ids) => (ids.includes("d") ? ids.map((id) => (id === "d" ? 1 : 0)) : 0)
}

describe("rowsOf", () => {
  it("makes one row per shard and lane, with the events of each project counted", () => {
    const rowIds = new Set<bigint>()
    const rows = rowsOf(
      [
        {
          projectId: 2,
          lane: "live",
          messageIds: ["a", "b"],
          months: 202601,
          lines: ["a", "b"],
          rowIds
        },
        {
          projectId: 1,
          lane: "live",
          messageIds: ["c", "d"],
          months: [202602, 202603],
          lines: ["c", "d"]
        },
        { projectId: 1, lane: "bulk", messageIds: ["e"], months: 202604, lines: ["e"] }
      ],
      divided
    )
    expect(
      rows.map(({ frame, id: _, ...row }) => ({ ...row, lines: frameLines(frame) }))
    ).toEqual([
      {
        shard: 0,
        lane: "live",
        events: 3,
        bytes: 6,
        projectIds: [2n, 1n],
        projectCounts: [2, 1],
        months: [202601, 202602],
        mapVersion: 3,
        lines: ["a", "b", "c"]
      },
      {
        shard: 1,
        lane: "live",
        events: 1,
        bytes: 2,
        projectIds: [1n],
        projectCounts: [1],
        months: [202603],
        mapVersion: 3,
        lines: ["d"]
      },
      {
        shard: 0,
        lane: "bulk",
        events: 1,
        bytes: 2,
        projectIds: [1n],
        projectCounts: [1],
        months: [202604],
        mapVersion: 3,
        lines: ["e"]
      }
    ])
    expect(countsOf(rows)).toEqual([
      [1n, 3],
      [2n, 2]
    ])
    expect([...rowIds]).toEqual([rows[0]?.id ?? 0n])
  })
})

describe("rowsOf with many months", () => {
  it("cuts rows so that none has more than a batch may have", () => {
    const months = Array.from({ length: 680 }, (_, i) => 197001 + i)
    const rowIds = new Set<bigint>()
    const lines = months.map((month) => `line of ${month}`)
    const rows = rowsOf(
      [
        { projectId: 1, lane: "bulk", messageIds: lines, months, lines, rowIds },
        {
          projectId: 2,
          lane: "bulk",
          messageIds: ["m"],
          months: 197001,
          lines: ["one more"]
        }
      ],
      undivided
    )
    expect(rows.length).toBe(14)
    for (const row of rows) {
      expect(row.months.length).toBeLessThanOrEqual(50)
      expect(row.projectCounts.reduce((sum, events) => sum + events, 0)).toBe(
        row.events
      )
    }
    expect(rows.flatMap(({ frame }) => frameLines(frame))).toEqual([
      ...lines,
      "one more"
    ])
    expect(rowIds).toEqual(new Set(rows.map(({ id }) => id)))
    expect(countsOf(rows)).toEqual([
      [1n, 680],
      [2n, 1]
    ])
  })
})

describe("partitionsAt", () => {
  it("covers the current hour and more than a day ahead, without a gap", () => {
    const partitions = partitionsAt(Date.parse("2026-12-31T23:59:59.999Z"))
    expect(partitions[0]).toEqual({
      name: "inbox_2026123123",
      from: "2026-12-31T23:00:00.000Z",
      to: "2027-01-01T00:00:00.000Z"
    })
    expect(partitions.length).toBe(26)
    for (const [at, { from }] of partitions.entries())
      if (at > 0) expect(from).toBe(partitions[at - 1]?.to ?? "")
  })
})
