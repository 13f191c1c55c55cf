import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobId, JobLogLine, JobState, JobView } from "./Job.ts"
import {
  JobInvalid,
  JobNotFound,
  JobStateConflict,
  KeyMalformed,
  KeyReused,
  TooManyJobs
} from "./JobProblems.ts"
import { Jobs } from "./Jobs.ts"
import { JobTypes } from "./JobTypes.ts"
import { JobTypeView, viewOf } from "./JobTypeView.ts"

const Params = Schema.Struct({ jobId: JobId })
const ProjectId = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
)
const TypeName = Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9-]{0,63}$/u))

const NewJob = Schema.Struct({
  type: TypeName.annotate({ description: "One of `GET /v1/job-types`" }),
  payload: Schema.Unknown.annotate({ description: "As the type says" }),
  projectId: Schema.optionalKey(ProjectId).annotate({
    description: "Of a job that the admin key starts; a secret key is of one project"
  })
}).annotate({ examples: [{ type: "noop", payload: { note: "hello" } }] })

const Whole = (minimum: number, maximum: number) =>
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum }))

const Filter = Schema.Struct({
  state: Schema.optionalKey(JobState),
  type: Schema.optionalKey(TypeName),
  projectId: Schema.optionalKey(
    Schema.FiniteFromString.pipe(Schema.decodeTo(ProjectId))
  ),
  cursor: Schema.optionalKey(JobId).annotate({
    description: "nextCursor of the page before"
  }),
  limit: Schema.optionalKey(Whole(1, 1000))
})
const JobList = Schema.Struct({
  jobs: Schema.Array(JobView),
  nextCursor: Schema.NullOr(Schema.String)
})

const LogPage = Schema.Struct({
  cursor: Schema.optionalKey(Whole(0, Number.MAX_SAFE_INTEGER)).annotate({
    description: "nextCursor of the page before; lines after it"
  }),
  limit: Schema.optionalKey(Whole(1, 1000))
})
const JobLog = Schema.Struct({
  lines: Schema.Array(JobLogLine),
  nextCursor: Schema.NullOr(Schema.String)
})

const JobTypeList = Schema.Struct({ types: Schema.Array(JobTypeView) })

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(Schema.Union([JobsUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

const readable = ["jobs", "query"] as const
const writable = ["jobs"] as const

/** `/v1/jobs` and `/v1/job-types`: long work, and how it goes. */
export const jobsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Jobs | JobTypes, ER>
) =>
  new Elysia({ prefix: "/v1", tags: ["jobs"] })
    .use(effectPlugin(runtime))
    .post(
      "/jobs",
      ({ body, headers, run }) =>
        run(
          JobView,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              writable
            )
            const key = headers["idempotency-key"]
            const job = yield* (yield* Jobs).submit(access, body, key)
            const notes = yield* RequestNotes
            notes.headers["location"] = `/v1/jobs/${job.id}`
            return job
          }),
          202
        ),
      {
        body: received(NewJob),
        response: {
          202: sent(JobView),
          400: sent(KeyMalformed),
          422: sent(Schema.Union([JobInvalid, KeyReused])),
          429: sent(TooManyJobs),
          ...refusals
        },
        detail: {
          summary: "Start a job",
          description:
            "With the admin key, or a secret key with the scope `jobs`. The answer comes when the job is kept; it then runs whatever happens to the process that took it. With an `Idempotency-Key` the same request sent again answers the same job. `Location` is where to look at it.",
          security,
          parameters: [
            { name: "Idempotency-Key", in: "header", schema: { type: "string" } }
          ]
        }
      }
    )
    .get(
      "/jobs",
      ({ headers, query, run }) =>
        run(
          JobList,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              readable
            )
            const { cursor, limit = 100, ...filter } = query
            const jobs = yield* (yield* Jobs).page(access, filter, cursor, limit)
            const last = jobs.length === limit ? jobs.at(-1) : undefined
            return { jobs, nextCursor: last?.id ?? null }
          })
        ),
      {
        query: received(Filter),
        response: { 200: sent(JobList), ...refusals },
        detail: {
          summary: "List jobs, newest first",
          description: "A secret key sees the jobs of its project.",
          security
        }
      }
    )
    .get(
      "/jobs/:jobId",
      ({ headers, params, run }) =>
        run(
          JobView,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              readable
            )
            return yield* (yield* Jobs).get(access, params.jobId)
          })
        ),
      {
        params: received(Params),
        response: { 200: sent(JobView), 404: sent(JobNotFound), ...refusals },
        detail: { summary: "How a job goes", security }
      }
    )
    .post(
      "/jobs/:jobId/cancel",
      ({ headers, params, run }) =>
        run(
          JobView,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Jobs).cancel(access, params.jobId)
          }),
          202
        ),
      {
        params: received(Params),
        response: {
          202: sent(JobView),
          404: sent(JobNotFound),
          409: sent(JobStateConflict),
          ...refusals
        },
        detail: {
          summary: "Cancel a job",
          description:
            "A running one is `cancelling` until its runner has stopped it and cleaned up.",
          security
        }
      }
    )
    .post(
      "/jobs/:jobId/retry",
      ({ headers, params, run }) =>
        run(
          JobView,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Jobs).retry(access, params.jobId)
          }),
          202
        ),
      {
        params: received(Params),
        response: {
          202: sent(JobView),
          404: sent(JobNotFound),
          409: sent(JobStateConflict),
          ...refusals
        },
        detail: {
          summary: "Run a job again that failed, was cancelled or is parked",
          description: "It goes on from its checkpoints.",
          security
        }
      }
    )
    .get(
      "/jobs/:jobId/log",
      ({ headers, params, query, run }) =>
        run(
          JobLog,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              readable
            )
            const { cursor = 0, limit = 200 } = query
            const lines = yield* (yield* Jobs).log(access, params.jobId, cursor, limit)
            const last = lines.at(-1)
            return { lines, nextCursor: last === undefined ? null : String(last.id) }
          })
        ),
      {
        params: received(Params),
        query: received(LogPage),
        response: { 200: sent(JobLog), 404: sent(JobNotFound), ...refusals },
        detail: {
          summary: "The log of a job, oldest line first",
          description:
            "The newest 10,000 lines are kept. `nextCursor` is also where to ask for lines that are still to come.",
          security
        }
      }
    )
    .get(
      "/job-types",
      ({ headers, run }) =>
        run(
          JobTypeList,
          Effect.gen(function* () {
            yield* (yield* Auth).adminOrProject(headers["authorization"], readable)
            const types = yield* JobTypes
            return { types: [...types.values()].map(viewOf) }
          })
        ),
      {
        response: { 200: sent(JobTypeList), ...refusals },
        detail: {
          summary: "The types of jobs, with the JSON Schemas of payload and result",
          security
        }
      }
    )
