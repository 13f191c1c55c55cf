import { Effect, Redacted, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { call, type Refused, type Unreachable } from "../ApiClient.ts"
import { type Finding, failure, ok, warning } from "./Finding.ts"

type Asked<A> = Effect.Effect<A, Refused | Unreachable, HttpClient.HttpClient>

const Jobs = Schema.Struct({
  jobs: Schema.Array(
    Schema.Struct({
      createdAt: Schema.DateFromString,
      heartbeatAt: Schema.NullOr(Schema.DateFromString)
    })
  ),
  nextCursor: Schema.NullOr(Schema.String)
})

const MOST = 1000

/** A runner says every five seconds that it has a job; one that died is noticed by then. */
const SILENCE = 60_000

/** Whether jobs go on, and none waits for somebody to look at it. */
export const checkJobs = (
  url: string,
  adminKey: Redacted.Redacted
): Effect.Effect<Finding, never, HttpClient.HttpClient> => {
  const inState = (state: string): Asked<typeof Jobs.Type> =>
    call(
      "GET",
      `${url}/v1/jobs?state=${state}&limit=${MOST}`,
      Redacted.value(adminKey),
      Jobs
    )
  const countOf = ({ jobs, nextCursor }: typeof Jobs.Type) =>
    `${jobs.length}${nextCursor === null ? "" : " or more"}`

  return Effect.gen(function* () {
    const [running, queued, parked] = yield* Effect.all(
      [inState("running"), inState("queued"), inState("parked")],
      { concurrency: 3 }
    )
    const now = Date.now()
    const silent = running.jobs.filter(
      ({ heartbeatAt }) => heartbeatAt !== null && now - heartbeatAt.getTime() > SILENCE
    )
    const detail = `${countOf(running)} running, ${countOf(queued)} queued, ${countOf(parked)} parked`
    if (silent.length > 0)
      return failure(
        "jobs",
        `${silent.length} of the running ones give no sign of life; ${detail}`,
        "no runner takes them over: see docs/runbooks/stuck-job.md"
      )
    return parked.jobs.length > 0
      ? warning(
          "jobs",
          detail,
          "jobs list --state parked --admin says which; docs/runbooks/stuck-job.md what to do"
        )
      : ok("jobs", detail)
  }).pipe(
    Effect.catch((error) =>
      Effect.succeed(failure("jobs", error.message, "see batch-processor, and its log"))
    )
  )
}

const Schedules = Schema.Struct({
  schedules: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      dueSince: Schema.NullOr(Schema.DateFromString),
      lastJob: Schema.NullOr(Schema.Struct({ id: Schema.String, state: Schema.String }))
    })
  )
})

/** Longer than any job is meant to take. */
const LONG_WAIT = 24 * 3_600_000

const unfinished = new Set(["queued", "running", "cancelling"])
const unhappy = new Set(["failed", "parked"])

/** Whether schedules make their jobs, and these end well. */
export const checkSchedules = (
  url: string,
  adminKey: Redacted.Redacted
): Effect.Effect<Finding, never, HttpClient.HttpClient> =>
  call(
    "GET",
    `${url}/v1/schedules?limit=${MOST}`,
    Redacted.value(adminKey),
    Schedules
  ).pipe(
    Effect.map(({ schedules }) => {
      const now = Date.now()
      const late = schedules.filter(
        ({ dueSince }) => dueSince !== null && now - dueSince.getTime() > SILENCE
      )
      const forgotten = late.find(
        ({ lastJob }) => !unfinished.has(lastJob?.state ?? "")
      )
      if (forgotten !== undefined)
        return failure(
          "schedules",
          `"${forgotten.name}" is due and nothing starts it`,
          "no runner takes schedules: see the logs of batch-processor"
        )
      const stuck = late.find(({ dueSince }) => now - Number(dueSince) > LONG_WAIT)
      if (stuck !== undefined)
        return warning(
          "schedules",
          `"${stuck.name}" waits for its job since ${stuck.dueSince?.toISOString()}`,
          `look at job ${stuck.lastJob?.id}, and cancel it if it will not end`
        )
      const ill = schedules.filter(({ lastJob }) => unhappy.has(lastJob?.state ?? ""))
      return ill.length === 0
        ? ok("schedules", `${schedules.length}, none late`)
        : warning(
            "schedules",
            `the last job of "${ill[0]?.name}" ${ill[0]?.lastJob?.state}`,
            `jobs show ${ill[0]?.lastJob?.id} --admin says why`
          )
    }),
    Effect.catch((error) =>
      Effect.succeed(
        failure("schedules", error.message, "see batch-processor, and its log")
      )
    )
  )
