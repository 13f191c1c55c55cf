import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Refused } from "../ApiClient.ts"
import { type Batch, batchFlags, openBatch } from "../Batch.ts"
import { givenText } from "../givenText.ts"
import { drawJob, drawJobs } from "../jobs/drawJob.ts"
import { Job } from "../jobs/Job.ts"
import { watchJob } from "../jobs/watchJob.ts"
import { printable } from "../render/table.ts"

const idArgument = Argument.String("id").pipe(Argument.withDescription("Job id"))

export const payloadDescription =
  "What the job is to do, as JSON; @file reads a file, - standard input"

/** A payload as it was given on the command line. */
export const payloadOf = Effect.fn(function* (given: string) {
  const text = yield* givenText(given)
  return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))(
    text
  ).pipe(
    Effect.mapError(
      () => new Refused({ status: 0, message: "the payload is not valid JSON" })
    )
  )
})

export const projectFlag = Flag.Int("project").pipe(
  Flag.withDescription("Project id, with --admin"),
  Flag.optional
)

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the answer as it came"),
  Flag.withDefault(false)
)

/** An answer with all its fields, also those that this tool does not know. */
export const printAnswer = Effect.fn(function* (batch: Batch, path: string) {
  const answer = yield* batch.call("GET", path, Schema.Unknown)
  yield* Console.log(JSON.stringify(answer, null, 2))
})

const submit = Command.make(
  "submit",
  {
    type: Argument.String("type").pipe(
      Argument.withDescription("One of those that `jobs types` lists")
    ),
    payload: Argument.String("payload").pipe(
      Argument.withDescription(payloadDescription),
      Argument.withDefault("{}")
    ),
    idempotencyKey: Flag.String("idempotency-key").pipe(
      Flag.withDescription("Submitting again under the same key starts nothing anew"),
      Flag.optional
    ),
    watch: Flag.Boolean("watch").pipe(
      Flag.withDescription("Stay, with a progress bar, until it has ended"),
      Flag.withDefault(false)
    ),
    project: projectFlag,
    ...batchFlags
  },
  Effect.fn(function* ({ idempotencyKey, payload, project, type, watch, ...flags }) {
    const batch = yield* openBatch(flags)
    const body = {
      type,
      payload: yield* payloadOf(payload),
      ...(Option.isSome(project) ? { projectId: project.value } : {})
    }
    const headers = Option.isSome(idempotencyKey)
      ? { "idempotency-key": idempotencyKey.value }
      : {}
    const { id } = yield* batch.call("POST", "/jobs", Job, body, headers)
    if (watch) return yield* watchJob(batch, id)
    yield* Console.log(id)
  })
).pipe(Command.withDescription("Start a job; prints its id"))

const JobPage = Schema.Struct({
  jobs: Schema.Array(Job),
  nextCursor: Schema.NullOr(Schema.String)
})

const list = Command.make(
  "list",
  {
    state: Flag.String("state").pipe(
      Flag.withDescription(
        "queued, running, cancelling, succeeded, failed, cancelled or parked"
      ),
      Flag.optional
    ),
    type: Flag.String("type").pipe(
      Flag.withDescription("Only jobs of this type"),
      Flag.optional
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("So many, the newest; at most 1000"),
      Flag.withDefault(20)
    ),
    project: projectFlag,
    json: jsonFlag,
    ...batchFlags
  },
  Effect.fn(function* ({ json, limit, project, state, type, ...flags }) {
    const batch = yield* openBatch(flags)
    const asked = new URLSearchParams({
      limit: String(limit),
      ...(Option.isSome(state) ? { state: state.value } : {}),
      ...(Option.isSome(type) ? { type: type.value } : {}),
      ...(Option.isSome(project) ? { projectId: String(project.value) } : {})
    })
    if (json) return yield* printAnswer(batch, `/jobs?${asked}`)
    const page = yield* batch.call("GET", `/jobs?${asked}`, JobPage)
    yield* Console.log(drawJobs(page.jobs))
    if (page.nextCursor !== null) yield* Console.log("there are more: --limit")
  })
).pipe(Command.withDescription("Jobs, newest first"))

const show = Command.make(
  "show",
  { id: idArgument, json: jsonFlag, ...batchFlags },
  Effect.fn(function* ({ id, json, ...flags }) {
    const batch = yield* openBatch(flags)
    const path = `/jobs/${encodeURIComponent(id)}`
    if (json) return yield* printAnswer(batch, path)
    yield* Console.log(drawJob(yield* batch.call("GET", path, Job)))
  })
).pipe(Command.withDescription("All that is known of a job"))

const watch = Command.make(
  "watch",
  { id: idArgument, ...batchFlags },
  Effect.fn(function* ({ id, ...flags }) {
    yield* watchJob(yield* openBatch(flags), id)
  })
).pipe(
  Command.withDescription(
    "A progress bar until the job has ended; ends with 1 unless it succeeded"
  )
)

const move = (action: "cancel" | "retry", description: string) =>
  Command.make(
    action,
    { id: idArgument, ...batchFlags },
    Effect.fn(function* ({ id, ...flags }) {
      const batch = yield* openBatch(flags)
      const path = `/jobs/${encodeURIComponent(id)}/${action}`
      const job = yield* batch.call("POST", path, Job)
      yield* Console.log(`${job.id} ${job.state}`)
    })
  ).pipe(Command.withDescription(description))

const LogPage = Schema.Struct({
  lines: Schema.Array(
    Schema.Struct({
      at: Schema.String,
      level: Schema.String,
      message: Schema.String,
      data: Schema.Unknown
    })
  ),
  nextCursor: Schema.NullOr(Schema.String)
})

const log = Command.make(
  "log",
  { id: idArgument, ...batchFlags },
  Effect.fn(function* ({ id, ...flags }) {
    const batch = yield* openBatch(flags)
    const path = `/jobs/${encodeURIComponent(id)}/log?limit=1000`
    let cursor: string | null = "0"
    while (cursor !== null) {
      const page: typeof LogPage.Type = yield* batch.call(
        "GET",
        `${path}&cursor=${cursor}`,
        LogPage
      )
      for (const { at, data, level, message } of page.lines)
        yield* Console.log(
          printable(
            `${at}  ${level.padEnd(7)}  ${message}${data === null ? "" : `  ${JSON.stringify(data)}`}`
          )
        )
      cursor = page.nextCursor
    }
  })
).pipe(Command.withDescription("What a job wrote down, oldest line first"))

const TypeList = Schema.Struct({
  types: Schema.Array(
    Schema.Struct({ name: Schema.String, description: Schema.String })
  )
})

const types = Command.make(
  "types",
  { json: jsonFlag, ...batchFlags },
  Effect.fn(function* ({ json, ...flags }) {
    const batch = yield* openBatch(flags)
    if (json) return yield* printAnswer(batch, "/job-types")
    const known = yield* batch.call("GET", "/job-types", TypeList)
    for (const { description, name } of known.types)
      yield* Console.log(printable(`${name.padEnd(16)}  ${description}`))
  })
).pipe(
  Command.withDescription("What kinds of jobs there are; --json with their schemas")
)

export const jobsCommand = Command.make("jobs").pipe(
  Command.withDescription("Long work: imports, exports, erasures, backups"),
  Command.withSubcommands([
    submit,
    list,
    show,
    watch,
    move("cancel", "Cancel a job"),
    move("retry", "Run a job again that failed, was cancelled or is parked"),
    log,
    types
  ])
)
