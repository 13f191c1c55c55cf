import { Effect, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { JobRun } from "../src/jobs/JobRun.ts"
import {
  JobFailed,
  JobRefused,
  type JobType,
  JobUnavailable
} from "../src/jobs/JobType.ts"
import { ready } from "../src/jobs/JobTypes.ts"
import { noop } from "../src/types/noop/noop.ts"

/** The tables that `probe` writes: what was done, how often it was begun, and what it waits for. */
export const probeTables = `
  CREATE TABLE probe_effects (key text PRIMARY KEY, job uuid NOT NULL);
  CREATE TABLE probe_begun (key text NOT NULL, pid integer NOT NULL,
                            at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE TABLE probe_gates (name text PRIMARY KEY)`

const Payload = Schema.Struct({
  steps: Schema.Int,
  /** Milliseconds of each step. */
  pause: Schema.optionalKey(Schema.Int),
  /** Each step waits until `probe_gates` has this. */
  gate: Schema.optionalKey(Schema.String),
  /** Each step is unavailable until `probe_gates` has this. */
  needs: Schema.optionalKey(Schema.String),
  end: Schema.optionalKey(Schema.Literals(["fail", "die", "die outside", "kill"]))
})
const Anything = Schema.Struct({})
const Result = Schema.Struct({ steps: Schema.Int })

const away = (error: unknown) =>
  new JobUnavailable({ what: "Postgres", detail: String(error) })

/** Does as it is told, and leaves a trace of everything. */
export const probe: JobType<typeof Payload, typeof Result, SqlClient.SqlClient> = {
  name: "probe",
  description: "Of tests.",
  of: "either",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 50,
    inAll: 50,
    waiting: 60,
    time: 120_000,
    memory: 1,
    attempts: 3
  },
  run: Effect.fnUntraced(function* ({ id, payload }) {
    const sql = yield* SqlClient.SqlClient
    const run = yield* JobRun
    const { end, gate, needs, pause = 0, steps } = payload
    for (let step = 0; step < steps; step++) {
      const key = run.effectKey(`step${step}`)
      yield* run.step(
        `step${step}`,
        Schema.Int,
        Effect.gen(function* () {
          yield* sql`INSERT INTO probe_begun (key, pid) VALUES (${key}, ${process.pid})`
          if (gate !== undefined)
            yield* sql`SELECT 1 FROM probe_gates WHERE name = ${gate}`.pipe(
              Effect.filterOrFail((rows) => rows.length > 0),
              Effect.retry(Schedule.spaced("50 millis"))
            )
          if (needs !== undefined)
            yield* sql`SELECT 1 FROM probe_gates WHERE name = ${needs}`.pipe(
              Effect.filterOrFail(
                (rows) => rows.length > 0,
                () => new JobUnavailable({ what: needs, detail: "It is away." })
              )
            )
          yield* Effect.sleep(pause)
          if (end === "fail")
            return yield* new JobFailed({ detail: "The file is broken; send another." })
          if (end === "kill") process.kill(process.pid, "SIGKILL")
          if (end === "die") return yield* Effect.die(new Error("unforeseen"))
          yield* sql`
            INSERT INTO probe_effects (key, job) VALUES (${key}, ${id}::uuid)
            ON CONFLICT DO NOTHING`
          return step
        }).pipe(
          Effect.catchTags({ SqlError: away, NoSuchElementError: Effect.die }),
          Effect.annotateLogs({ key })
        )
      )
      yield* run.progress({ done: step + 1, total: steps, unit: "steps" })
      yield* run.log("info", `did step ${step}`, { step })
    }
    if (end === "die outside") return yield* Effect.die(new Error("unforeseen"))
    return { steps }
  }),
  cleanUp: Effect.fnUntraced(function* ({ id }) {
    const sql = yield* SqlClient.SqlClient
    yield* sql`
      INSERT INTO probe_effects (key, job) VALUES (${`${id}/cleaned`}, ${id}::uuid)
      ON CONFLICT DO NOTHING`.pipe(Effect.mapError(away))
  })
}

/** One at a time, two waiting. */
const narrow: typeof probe = {
  ...probe,
  name: "narrow",
  limits: { ...probe.limits, perProject: 1, inAll: 2, waiting: 2 }
}

/** Has no time at all. */
const hasty: typeof probe = {
  ...probe,
  name: "hasty",
  limits: { ...probe.limits, time: 1 }
}

/** More than half of what a runner has. */
const heavy: typeof probe = {
  ...probe,
  name: "heavy",
  limits: { ...probe.limits, memory: 700 }
}

/** Has no time, and nothing to do before there is room. */
const brief: typeof probe = {
  ...heavy,
  name: "brief",
  limits: { ...heavy.limits, time: 1 }
}

const global: typeof probe = { ...probe, name: "global", of: "installation" }

/** Takes no payload, whatever it is. */
const refusing: JobType<typeof Anything, typeof Result, never> = {
  name: "refusing",
  description: "Of tests.",
  of: "either",
  payload: Anything,
  result: Result,
  limits: probe.limits,
  check: () =>
    Effect.fail(
      new JobRefused({ pointer: "/source/path", detail: "There is no such file." })
    ),
  run: () => Effect.succeed({ steps: 0 })
}

export const testTypes = Effect.all([
  ready(noop),
  ready(probe),
  ready(narrow),
  ready(hasty),
  ready(heavy),
  ready(brief),
  ready(global),
  ready(refusing)
])
