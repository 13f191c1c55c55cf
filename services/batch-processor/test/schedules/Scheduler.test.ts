import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Logger, Result } from "effect"
import { SqlClient } from "effect/sql"
import { JobRepo } from "../../src/jobs/JobRepo.ts"
import type { MissedRuns } from "../../src/schedules/dueRuns.ts"
import { ScheduleRepo } from "../../src/schedules/ScheduleRepo.ts"
import { Scheduler } from "../../src/schedules/Scheduler.ts"
import { timetable } from "../../src/schedules/Timetable.ts"

const TestLayer = Layer.mergeAll(Scheduler.layer, ScheduleRepo.layer).pipe(
  Layer.provide(JobRepo.layer),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)

const MINUTE = 60_000

const make = Effect.fnUntraced(function* (
  cron: string,
  timezone: string,
  nextAt: string,
  missed: MissedRuns = "once"
) {
  const made = yield* (yield* ScheduleRepo).insert({
    projectId: 7,
    name: "of a test",
    type: "noop",
    payload: { steps: 1 },
    cron,
    timezone,
    missed,
    nextAt: new Date(nextAt),
    createdBy: "key-1"
  })
  return (yield* Effect.orDie(Effect.fromOption(made))).id
})

/** One look of a scheduler whose clock shows that. */
const lookAt = (now: number | string) =>
  Effect.flatMap(Scheduler, ({ look }) =>
    look(typeof now === "number" ? now : Date.parse(now))
  )

/** When its jobs were due, in the order in which they were made. */
const jobsOf = Effect.fnUntraced(function* (id: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ scheduledFor: Date }>`
    SELECT scheduled_for FROM jobs.jobs WHERE schedule_id = ${id}::uuid ORDER BY id`
  return rows.map(({ scheduledFor }) => scheduledFor.toISOString())
})

const finish = Effect.fnUntraced(function* (id: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    UPDATE jobs.jobs SET state = 'succeeded' WHERE schedule_id = ${id}::uuid`
})

const stored = Effect.fnUntraced(function* (id: string) {
  const found = yield* (yield* ScheduleRepo).byId(null, id)
  return yield* Effect.orDie(Effect.fromOption(found))
})

/** A whole day, looked at every five minutes, with jobs that end at once. */
const watch = Effect.fnUntraced(function* (id: string, from: string, hours: number) {
  const start = Date.parse(from)
  for (let now = start; now < start + hours * 60 * MINUTE; now += 5 * MINUTE) {
    yield* lookAt(now)
    yield* finish(id)
  }
  return yield* jobsOf(id)
})

describe("the days on which clocks are changed", () => {
  const it = withLayer(TestLayer)

  const days = [
    ["30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
    ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
    ["30 2 * * *", "Europe/Berlin", "2027-03-28T01:00:00.000Z"],
    ["30 2 * * *", "Europe/Berlin", "2027-10-31T00:30:00.000Z"],
    ["30 2 * * *", "America/New_York", "2026-03-08T07:00:00.000Z"],
    ["30 1 * * *", "America/New_York", "2026-11-01T05:30:00.000Z"],
    ["30 2 * * *", "America/New_York", "2027-03-14T07:00:00.000Z"],
    ["30 1 * * *", "America/New_York", "2027-11-07T05:30:00.000Z"]
  ] as const
  for (const [cron, zone, due] of days)
    it.effect(`${cron} runs once: ${zone} at ${due}`, () =>
      Effect.gen(function* () {
        const before = new Date(Date.parse(due) - 3 * 60 * MINUTE).toISOString()
        const plan = Result.getOrThrow(timetable(cron, zone))
        const first = plan.next(Date.parse(before)) ?? Number.NaN
        const id = yield* make(cron, zone, new Date(first).toISOString())
        expect(yield* watch(id, before, 7)).toEqual([due])
      })
    )

  for (const [from, hours] of [
    ["2026-03-29T00:00:00Z", 4],
    ["2026-10-24T23:00:00Z", 4]
  ] as const)
    it.effect(`*/15 * * * * runs in passing time from ${from} on`, () =>
      Effect.gen(function* () {
        const id = yield* make("*/15 * * * *", "Europe/Berlin", from)
        const quarters = Array.from({ length: hours * 4 }, (_, index) =>
          new Date(Date.parse(from) + index * 15 * MINUTE).toISOString()
        )
        expect(yield* watch(id, from, hours)).toEqual(quarters)
      })
    )
})

describe("after an outage", () => {
  const it = withLayer(TestLayer)
  const due = "2026-11-23T05:00:00.000Z"
  const back = "2026-11-23T08:30:00.000Z"

  it.effect("skip leaves out what was due, and notes it", () =>
    Effect.gen(function* () {
      const id = yield* make("0 * * * *", "UTC", due, "skip")
      yield* lookAt(back)
      expect(yield* jobsOf(id)).toEqual([])
      expect(yield* stored(id)).toMatchObject({
        nextAt: new Date("2026-11-23T09:00:00Z"),
        skippedRuns: 4,
        lastSkipped: { runs: 4, reason: "missed", from: Date.parse(due) }
      })
    })
  )
  it.effect("once runs the newest", () =>
    Effect.gen(function* () {
      const id = yield* make("0 * * * *", "UTC", due, "once")
      yield* lookAt(back)
      yield* finish(id)
      yield* lookAt(back)
      expect(yield* jobsOf(id)).toEqual(["2026-11-23T08:00:00.000Z"])
      expect(yield* stored(id)).toMatchObject({ skippedRuns: 3 })
    })
  )
  it.effect("catch-up runs one after the other, never two at a time", () =>
    Effect.gen(function* () {
      const id = yield* make("0 * * * *", "UTC", due, "catch-up")
      for (let looks = 0; looks < 3; looks++) yield* lookAt(back)
      expect(yield* jobsOf(id)).toEqual([due])
      for (let looks = 0; looks < 6; looks++) {
        yield* finish(id)
        yield* lookAt(back)
      }
      expect(yield* jobsOf(id)).toEqual(
        [5, 6, 7, 8].map((hour) => `2026-11-23T0${hour}:00:00.000Z`)
      )
      expect(yield* stored(id)).toMatchObject({
        nextAt: new Date("2026-11-23T09:00:00Z"),
        skippedRuns: 0
      })
    })
  )
})

describe("a run that is due while the job before is not finished", () => {
  const it = withLayer(TestLayer)
  const [five, six] = ["2026-11-23T05:00:00.000Z", "2026-11-23T06:00:00.000Z"]

  it.effect("is left out by skip", () =>
    Effect.gen(function* () {
      const id = yield* make("0 * * * *", "UTC", five, "skip")
      yield* lookAt(five)
      yield* lookAt(six)
      expect(yield* stored(id)).toMatchObject({
        skippedRuns: 1,
        lastSkipped: { reason: "overlap" },
        lastJob: { state: "queued" }
      })
      yield* finish(id)
      yield* lookAt(Date.parse(six) + MINUTE)
      expect(yield* jobsOf(id)).toEqual([five])
    })
  )
  it.effect("waits for it under once", () =>
    Effect.gen(function* () {
      const id = yield* make("0 * * * *", "UTC", five)
      yield* lookAt(five)
      yield* lookAt(six)
      expect(yield* jobsOf(id)).toEqual([five])
      yield* finish(id)
      yield* lookAt(Date.parse(six) + 20 * MINUTE)
      expect(yield* jobsOf(id)).toEqual([five, six])
    })
  )
  it.effect("is not held up by a job that was parked", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const id = yield* make("0 * * * *", "UTC", five)
      yield* lookAt(five)
      yield* sql`
        UPDATE jobs.jobs SET state = 'parked' WHERE schedule_id = ${id}::uuid`
      yield* lookAt(six)
      expect(yield* jobsOf(id)).toEqual([five, six])
    })
  )
})

describe("schedulers", () => {
  const it = withLayer(TestLayer)
  const due = "2026-11-23T05:00:00.000Z"

  it.effect("that look at once make one job of each run", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ids = yield* Effect.forEach(Array.from({ length: 20 }), () =>
        make("0 * * * *", "UTC", due)
      )
      yield* Effect.all(
        Array.from({ length: 6 }, () => lookAt("2026-11-23T08:00:00Z")),
        { concurrency: 6 }
      )
      const [row] = yield* sql<{ jobs: bigint }>`
        SELECT count(*) AS jobs FROM jobs.jobs WHERE schedule_id = ANY(${ids}::uuid[])`
      expect(Number(row?.jobs)).toBe(20)
      const skipped = yield* Effect.forEach(ids, stored)
      expect(skipped.map(({ skippedRuns }) => skippedRuns)).toEqual(ids.map(() => 3))
    })
  )
  it.effect("that die between the job and the next run leave neither", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const id = yield* make("0 * * * *", "UTC", due)
      yield* sql`
        CREATE FUNCTION jobs.die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`
      yield* sql`
        CREATE TRIGGER die BEFORE UPDATE ON jobs.schedules
        FOR EACH ROW EXECUTE FUNCTION jobs.die()`
      yield* Effect.exit(lookAt(due))
      yield* sql`DROP TRIGGER die ON jobs.schedules`
      expect(yield* jobsOf(id)).toEqual([])
      yield* lookAt(Date.parse(due) + MINUTE)
      expect(yield* jobsOf(id)).toEqual([due])
      yield* lookAt(Date.parse(due) + MINUTE)
      expect(yield* jobsOf(id)).toEqual([due])
    })
  )
  it.effect("go on with the others when one cannot be taken", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const bad = yield* make("0 * * * *", "UTC", due)
      const good = yield* make("0 * * * *", "UTC", due)
      yield* sql.unsafe(`
        CREATE FUNCTION jobs.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'not this one'; END $$`)
      yield* sql.unsafe(`
        CREATE TRIGGER refuse BEFORE UPDATE ON jobs.schedules FOR EACH ROW
        WHEN (OLD.id = '${bad}') EXECUTE FUNCTION jobs.refuse()`)
      yield* lookAt(due)
      expect(yield* jobsOf(bad)).toEqual([])
      expect(yield* jobsOf(good)).toEqual([due])
      yield* sql`DROP TRIGGER refuse ON jobs.schedules`
      yield* lookAt(due)
      expect(yield* jobsOf(bad)).toEqual([due])
    })
  )
  it.effect("leave paused schedules alone, and others when one cannot be read", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const paused = yield* make("0 * * * *", "UTC", due)
      yield* (yield* ScheduleRepo).pause(7, paused)
      const broken = yield* make("0 * * * *", "Europe/Atlantis", due)
      const sound = yield* make("0 * * * *", "UTC", due)
      yield* lookAt(due)
      expect(yield* jobsOf(paused)).toEqual([])
      expect(yield* jobsOf(broken)).toEqual([])
      expect(yield* jobsOf(sound)).toEqual([due])
      const [row] = yield* sql<{ pausedAt: Date | null }>`
        SELECT paused_at FROM jobs.schedules WHERE id = ${broken}::uuid`
      expect(row?.pausedAt).not.toBeNull()
    })
  )
})
