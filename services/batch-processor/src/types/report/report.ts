import { ReportingEngineConfig } from "@analytics/config/ReportingEngineConfig"
import type { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Clock, Duration, Effect, Option, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType } from "../../jobs/JobType.ts"
import { askService } from "../askService.ts"

const Payload = Schema.Struct({
  subscription: Schema.String.check(Schema.isUUID()).annotate({
    description: "Whose report is made and sent"
  })
})

const Answer = Schema.Struct({
  state: Schema.Literals(["waiting", "sent", "skipped", "failed", "removed"]),
  detail: Schema.NullOr(Schema.String),
  incomplete: Schema.NullOr(Schema.Boolean),
  asOf: Schema.NullOr(Schema.String)
})

const Result = Schema.Struct({
  scheduledFor: Schema.String,
  ...Answer.fields
})

const Asked = Schema.Struct({ since: Schema.Int, times: Schema.Int })

const BETWEEN = "15 seconds"
/** A report waits a day at most for its data; reporting-engine may be away as long. */
const LONGEST = Duration.hours(48)

/**
 * Has reporting-engine make and send the report of a subscription. The work is there: this
 * asks until it is done, through whatever outage either of them has.
 */
export const report: JobType<
  typeof Payload,
  typeof Result,
  ReportingEngineConfig | ServicesConfig | HttpClient.HttpClient
> = {
  name: "report",
  description:
    "Makes the report of a subscription once its data is complete, and sends it.",
  of: "project",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 100,
    inAll: 500,
    waiting: 200,
    time: Duration.toMillis(LONGEST) + 3_600_000,
    memory: 1,
    attempts: 50
  },
  run: Effect.fnUntraced(function* ({ payload: { subscription }, projectId }) {
    const { url } = yield* ReportingEngineConfig
    const { checkpoint, dueAt, jobId, log, run, step } = yield* JobRun
    if (projectId === null)
      return yield* new JobFailed({ detail: "Subscriptions are of a project." })
    const scheduledFor = dueAt.toISOString()
    const ask = askService(
      "POST",
      `${url}/internal/v1/subscriptions/${subscription}/runs`,
      Answer,
      { projectId, scheduledFor, jobId, jobRun: run }
    )
    const asked = checkpoint("asked", Asked)

    const untilDone = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const kept = Option.getOrUndefined(yield* asked.read)
      const since = kept?.since ?? now
      let times = kept?.times ?? 0
      for (;;) {
        const answer = yield* Effect.result(ask)
        if (answer._tag === "Success" && answer.success.state !== "waiting")
          return answer.success
        if (answer._tag === "Failure") {
          const failure = answer.failure
          if (failure._tag === "JobFailed") return yield* failure
          if ((yield* Clock.currentTimeMillis) - since > Duration.toMillis(LONGEST))
            return yield* failure
          yield* log("warning", `${failure.what}: ${failure.detail}`)
        }
        // Counts as getting further: a runner that ends meanwhile is no attempt that failed.
        yield* asked.save({ since, times: ++times })
        yield* Effect.sleep(BETWEEN)
      }
    })
    const answer = yield* step("send", Answer, untilDone)
    if (answer.state === "failed")
      return yield* new JobFailed({
        detail: answer.detail ?? "The report could not be made."
      })
    return { scheduledFor, ...answer }
  })
}
