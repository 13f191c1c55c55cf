import { wallClockLabel } from "@analytics/analytics-core/query/TimeZone"
import type { Forbidden } from "@analytics/api-common/AuthProblems"
import type { Access } from "@analytics/api-common/access/Auth"
import { Clock, Context, Effect, Layer, Option, Result } from "effect"
import type { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobInvalid } from "../jobs/JobProblems.ts"
import { Jobs } from "../jobs/Jobs.ts"
import {
  type NewSchedule,
  type ScheduleAnswer,
  type ScheduleChange,
  ScheduleConflict,
  type ScheduleId,
  ScheduleNotFound
} from "./Schedule.ts"
import { MAX_SCHEDULES, ScheduleRepo } from "./ScheduleRepo.ts"
import type { ScheduleRow } from "./ScheduleRow.ts"
import { type Timetable, timetable } from "./Timetable.ts"

/** Runs that an answer shows ahead. */
const SHOWN = 5

type Shown<E = never> = Effect.Effect<ScheduleAnswer, E | JobsUnavailable>

export interface SchedulePage {
  readonly schedules: ReadonlyArray<ScheduleAnswer>
  /** The last id of the page, when there are more. */
  readonly nextCursor: ScheduleId | null
}

/** Schedules, as far as the one who asks may see and change them. */
export class Schedules extends Context.Service<
  Schedules,
  {
    create(
      access: Access,
      schedule: NewSchedule
    ): Shown<Forbidden | JobInvalid | ScheduleConflict>
    /**
     * What another service keeps here for a project, under its own id: made or changed, as
     * often as it likes.
     */
    put(
      projectId: number,
      id: ScheduleId,
      schedule: NewSchedule,
      createdBy: string
    ): Shown<Forbidden | JobInvalid | ScheduleConflict>
    get(access: Access, id: ScheduleId): Shown<ScheduleNotFound>
    list(
      access: Access,
      page: { readonly after: ScheduleId | undefined; readonly limit: number }
    ): Effect.Effect<SchedulePage, JobsUnavailable>
    change(
      access: Access,
      id: ScheduleId,
      change: ScheduleChange
    ): Shown<Forbidden | JobInvalid | ScheduleNotFound>
    remove(
      access: Access,
      id: ScheduleId
    ): Effect.Effect<void, ScheduleNotFound | JobsUnavailable>
    pause(access: Access, id: ScheduleId): Shown<ScheduleNotFound>
    /** Goes on with the next run from now; those of the pause are not made up for. */
    resume(access: Access, id: ScheduleId): Shown<ScheduleNotFound>
    /** A job now, beside the timetable, and also while it is paused. */
    runNow(
      access: Access,
      id: ScheduleId
    ): Shown<Forbidden | JobInvalid | ScheduleConflict | ScheduleNotFound>
  }
>()("@analytics/batch-processor/schedules/Schedules") {
  static readonly layer = Layer.effect(
    Schedules,
    Effect.gen(function* () {
      const repo = yield* ScheduleRepo
      const jobs = yield* Jobs

      const found = (id: ScheduleId, row: Option.Option<ScheduleRow>) =>
        Effect.fromOption(row).pipe(
          Effect.mapError(() => new ScheduleNotFound({ scheduleId: id }))
        )
      const get = Effect.fnUntraced(function* (access: Access, id: ScheduleId) {
        return yield* found(id, yield* repo.byId(access.projectId, id))
      })
      /** Whether such jobs may be started, as their creator or the one who asks. */
      const check = (access: Access, row: ScheduleRow, payload: unknown) =>
        jobs.check(access, {
          type: row.type,
          payload,
          projectId: row.projectId ?? undefined
        })

      return Schedules.of({
        create: Effect.fn("Schedules.create")(function* (access, schedule) {
          const { cron, missed = "once", timezone = "UTC" } = schedule
          const plan = yield* planOf(cron, timezone)
          yield* jobs.check(access, schedule)
          const made = yield* repo.insert({
            projectId: access.projectId ?? schedule.projectId ?? null,
            name: schedule.name,
            type: schedule.type,
            payload: schedule.payload,
            cron,
            timezone,
            missed,
            nextAt: yield* nextOf(plan),
            createdBy: access.actor
          })
          if (Option.isNone(made))
            return yield* new ScheduleConflict({
              detail: `A project has at most ${MAX_SCHEDULES} schedules; delete some.`
            })
          return yield* shown(made.value)
        }),
        put: Effect.fn("Schedules.put")(function* (projectId, id, schedule, createdBy) {
          const {
            cron,
            missed = "once",
            name,
            payload,
            timezone = "UTC",
            type
          } = schedule
          const plan = yield* planOf(cron, timezone)
          yield* jobs.check({ projectId, actor: createdBy }, { type, payload })
          const put = yield* repo.put(id, {
            projectId,
            name,
            type,
            payload,
            cron,
            timezone,
            missed,
            nextAt: yield* nextOf(plan),
            createdBy
          })
          if (Option.isNone(put))
            return yield* new ScheduleConflict({
              detail: "Something else has this id."
            })
          return yield* shown(put.value)
        }),
        get: Effect.fn("Schedules.get")(function* (access, id) {
          return yield* shown(yield* get(access, id))
        }),
        list: Effect.fn("Schedules.list")(function* (access, { after, limit }) {
          const rows = yield* repo.page(access.projectId, after, limit + 1)
          const page = rows.slice(0, limit)
          return {
            schedules: yield* Effect.forEach(page, shown),
            nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null
          }
        }),
        change: Effect.fn("Schedules.change")(function* (access, id, change) {
          const row = yield* get(access, id)
          const plan = yield* planOf(
            change.cron ?? row.cron,
            change.timezone ?? row.timezone
          )
          if ("payload" in change) yield* check(access, row, change.payload)
          const isOther = change.cron !== undefined || change.timezone !== undefined
          const nextAt = isOther ? { nextAt: yield* nextOf(plan) } : {}
          const changed = yield* repo.update(access.projectId, id, {
            ...change,
            ...nextAt
          })
          return yield* shown(yield* found(id, changed))
        }),
        remove: Effect.fn("Schedules.remove")(function* (access, id) {
          if (!(yield* repo.remove(access.projectId, id)))
            return yield* new ScheduleNotFound({ scheduleId: id })
        }),
        pause: Effect.fn("Schedules.pause")(function* (access, id) {
          return yield* shown(yield* found(id, yield* repo.pause(access.projectId, id)))
        }),
        resume: Effect.fn("Schedules.resume")(function* (access, id) {
          const row = yield* get(access, id)
          const plan = Result.getOrUndefined(timetable(row.cron, row.timezone))
          const nextAt = plan === undefined ? null : yield* nextOf(plan)
          const resumed = yield* repo.resume(access.projectId, id, nextAt)
          return yield* shown(yield* found(id, resumed))
        }),
        runNow: Effect.fn("Schedules.runNow")(function* (access, id) {
          const row = yield* get(access, id)
          yield* check(access, row, row.payload)
          if (!(yield* repo.runNow(row, access.actor)))
            return yield* new ScheduleConflict({
              detail:
                "Its last job is not finished, and it has one at a time; wait for it, or cancel it."
            })
          return yield* shown(yield* get(access, id))
        })
      })
    })
  )
}

const planOf = (cron: string, zone: string): Effect.Effect<Timetable, JobInvalid> =>
  Result.match(timetable(cron, zone), {
    onSuccess: Effect.succeed,
    onFailure: ({ detail, field }) => Effect.fail(JobInvalid.at(`/${field}`, detail))
  })

const nextOf = ({ next }: Timetable) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const at = next(now)
    return at === undefined ? null : new Date(at)
  })

/** A row as it is answered, with what lies ahead. */
const shown = Effect.fnUntraced(function* (row: ScheduleRow) {
  const now = yield* Clock.currentTimeMillis
  const { lastSkipped, nextAt, ...rest } = row
  const plan = Result.getOrUndefined(timetable(row.cron, row.timezone))
  const isWaiting = row.pausedAt === null && nextAt !== null && nextAt.getTime() <= now
  const ahead = row.pausedAt === null && plan !== undefined ? runsAfter(plan, now) : []
  return {
    ...rest,
    nextRuns: ahead,
    dueSince: isWaiting ? nextAt : null,
    lastSkipped: lastSkipped && {
      ...lastSkipped,
      from: new Date(lastSkipped.from),
      to: new Date(lastSkipped.to),
      at: new Date(lastSkipped.at)
    }
  } satisfies ScheduleAnswer
})

const runsAfter = ({ next, zone }: Timetable, now: number) => {
  const runs: Array<ScheduleAnswer["nextRuns"][number]> = []
  for (let at = next(now); at !== undefined && runs.length < SHOWN; at = next(at))
    runs.push({ at: new Date(at), local: wallClockLabel(zone, at) })
  return runs
}
