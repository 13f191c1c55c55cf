import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { batchFlags, openBatch } from "../Batch.ts"
import { drawSchedule, drawSchedules } from "../schedules/drawSchedule.ts"
import { Schedule } from "../schedules/Schedule.ts"
import {
  jsonFlag,
  payloadDescription,
  payloadOf,
  printAnswer,
  projectFlag
} from "./JobsCommand.ts"

const idArgument = Argument.String("id").pipe(Argument.withDescription("Schedule id"))

const create = Command.make(
  "create",
  {
    name: Argument.String("name").pipe(Argument.withDescription("What it is for")),
    type: Flag.String("type").pipe(Flag.withDescription("Type of its jobs")),
    payload: Flag.String("payload").pipe(
      Flag.withDescription(payloadDescription),
      Flag.withDefault("{}")
    ),
    cron: Flag.String("cron").pipe(
      Flag.withDescription("Minute, hour, day, month, day of week: '30 2 * * *'")
    ),
    timezone: Flag.String("timezone").pipe(
      Flag.withDescription("IANA time zone of the cron expression"),
      Flag.withDefault("UTC")
    ),
    missed: Flag.Literals("missed", ["skip", "once", "catch-up"]).pipe(
      Flag.withDescription("What becomes of runs that could not start at their time"),
      Flag.withDefault("once")
    ),
    project: projectFlag,
    ...batchFlags
  },
  Effect.fn(function* (given) {
    const { cron, missed, name, payload, project, timezone, type, ...flags } = given
    const batch = yield* openBatch(flags)
    const schedule = yield* batch.call("POST", "/schedules", Schedule, {
      name,
      type,
      payload: yield* payloadOf(payload),
      cron,
      timezone,
      missed,
      ...(Option.isSome(project) ? { projectId: project.value } : {})
    })
    yield* Console.log(drawSchedule(schedule))
  })
).pipe(Command.withDescription("Make jobs that come again"))

const SchedulePage = Schema.Struct({
  schedules: Schema.Array(Schedule),
  nextCursor: Schema.NullOr(Schema.String)
})

const list = Command.make(
  "list",
  { json: jsonFlag, ...batchFlags },
  Effect.fn(function* ({ json, ...flags }) {
    const batch = yield* openBatch(flags)
    if (json) return yield* printAnswer(batch, "/schedules?limit=1000")
    const page = yield* batch.call("GET", "/schedules?limit=1000", SchedulePage)
    yield* Console.log(drawSchedules(page.schedules))
  })
).pipe(Command.withDescription("Schedules, oldest first"))

const show = Command.make(
  "show",
  { id: idArgument, json: jsonFlag, ...batchFlags },
  Effect.fn(function* ({ id, json, ...flags }) {
    const batch = yield* openBatch(flags)
    const path = `/schedules/${encodeURIComponent(id)}`
    if (json) return yield* printAnswer(batch, path)
    yield* Console.log(drawSchedule(yield* batch.call("GET", path, Schedule)))
  })
).pipe(Command.withDescription("A schedule, and when it runs next"))

const move = (action: "pause" | "resume" | "run", description: string) =>
  Command.make(
    action,
    { id: idArgument, ...batchFlags },
    Effect.fn(function* ({ id, ...flags }) {
      const batch = yield* openBatch(flags)
      const path = `/schedules/${encodeURIComponent(id)}/${action}`
      const schedule = yield* batch.call("POST", path, Schedule)
      yield* Console.log(
        action === "run" && schedule.lastJob !== null
          ? schedule.lastJob.id
          : drawSchedule(schedule)
      )
    })
  ).pipe(Command.withDescription(description))

const remove = Command.make(
  "delete",
  { id: idArgument, ...batchFlags },
  Effect.fn(function* ({ id, ...flags }) {
    const batch = yield* openBatch(flags)
    yield* batch.call("DELETE", `/schedules/${encodeURIComponent(id)}`, Schema.Null)
    yield* Console.log(`${id} deleted; its jobs stay`)
  })
).pipe(Command.withDescription("Delete a schedule"))

export const schedulesCommand = Command.make("schedules").pipe(
  Command.withDescription("Jobs that come again"),
  Command.withSubcommands([
    create,
    list,
    show,
    move("pause", "Let it rest"),
    move("resume", "Let it go on with the next run from now"),
    move("run", "Start a job of it now; prints the job's id"),
    remove
  ])
)
