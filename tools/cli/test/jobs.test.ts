import { describe, expect, it } from "bun:test"
import { amountOf, drawEnd, drawJob, timeOf } from "../src/jobs/drawJob.ts"
import type { Job } from "../src/jobs/Job.ts"

const job: Job = {
  id: "0195e0d6-0000-7000-8000-000000000000",
  projectId: null,
  type: "import",
  payload: {},
  state: "running",
  run: 1,
  attempts: 1,
  step: "rows",
  progress: {
    done: 1200,
    total: 4000,
    unit: "rows",
    counts: { duplicates: 3 },
    etaSeconds: 95
  },
  result: null,
  error: null,
  traceId: null,
  owner: "runner-1",
  createdBy: "admin",
  scheduleId: null,
  createdAt: "2026-11-23T05:00:00.000Z",
  startedAt: "2026-11-23T05:00:01.000Z",
  finishedAt: null
}

describe("a job on the terminal", () => {
  it("says how far it is and how long it still takes", () => {
    expect(amountOf(job)).toBe("1,200 of 4,000 rows, 3 duplicates")
    expect(amountOf({ ...job, progress: null })).toBe("")
    expect(drawJob(job)).toContain("to go     about 1 min 35 s")
    expect(drawJob(job)).toContain("project   the installation")
    expect([0.4, 59.6, 60, 3599, 7325].map(timeOf)).toEqual([
      "0 s",
      "1 min 0 s",
      "1 min 0 s",
      "59 min 59 s",
      "2 h 2 min"
    ])
  })
  it("says why it ended, and commands no terminal", () => {
    const failed = {
      ...job,
      state: "failed",
      finishedAt: "2026-11-23T05:02:06.000Z",
      error: { title: "The file is broken", detail: "line 7: \u001b[31mred" }
    }
    expect(drawEnd(failed)).toBe(
      `${job.id} failed after 2 min 5 s: 1,200 of 4,000 rows, 3 duplicates\nThe file is broken: line 7: \\u001b[31mred`
    )
  })
})
