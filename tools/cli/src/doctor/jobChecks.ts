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
