import { createHash } from "node:crypto"
import { Forbidden } from "@analytics/api-common/AuthProblems"
import type { Access } from "@analytics/api-common/access/Auth"
import { unstorableIn } from "@analytics/database/unstorable"
import { Context, Effect, Layer, Option } from "effect"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { currentTrace } from "./currentTrace.ts"
import type { JobLogLine, JobState, JobView } from "./Job.ts"
import {
  JobInvalid,
  JobNotFound,
  JobStateConflict,
  KeyMalformed,
  KeyReused,
  TooManyJobs
} from "./JobProblems.ts"
import { JobRepo } from "./JobRepo.ts"
import { JobTypes } from "./JobTypes.ts"

/** What somebody wants to have done. */
export interface Submission {
  readonly type: string
  readonly payload: unknown
  /** Of an administrator's job; undefined: of the installation. */
  readonly projectId?: number | undefined
}

export type SubmitProblem =
  | Forbidden
  | JobInvalid
  | KeyMalformed
  | KeyReused
  | TooManyJobs
  | JobsUnavailable

/** Jobs, as far as the one who asks may see and move them. */
export class Jobs extends Context.Service<
  Jobs,
  {
    /** The same key and submission again answer the same job. */
    submit(
      access: Access,
      submission: Submission,
      key: string | undefined
    ): Effect.Effect<JobView, SubmitProblem>
    /** Whether such a job may be started at all; nothing is. */
    check(
      access: Access,
      submission: Submission
    ): Effect.Effect<void, Forbidden | JobInvalid | JobsUnavailable>
    get(
      access: Access,
      id: string
    ): Effect.Effect<JobView, JobNotFound | JobsUnavailable>
    page(
      access: Access,
      filter: {
        readonly projectId?: number | undefined
        readonly state?: JobState | undefined
        readonly type?: string | undefined
      },
      cursor: string | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<JobView>, JobsUnavailable>
    cancel(
      access: Access,
      id: string
    ): Effect.Effect<JobView, JobNotFound | JobStateConflict | JobsUnavailable>
    retry(
      access: Access,
      id: string
    ): Effect.Effect<JobView, JobNotFound | JobStateConflict | JobsUnavailable>
    log(
      access: Access,
      id: string,
      cursor: number,
      limit: number
    ): Effect.Effect<ReadonlyArray<JobLogLine>, JobNotFound | JobsUnavailable>
  }
>()("@analytics/batch-processor/jobs/Jobs") {
  static readonly layer = Layer.effect(
    Jobs,
    Effect.gen(function* () {
      const repo = yield* JobRepo
      const types = yield* JobTypes

      const check = Effect.fn("Jobs.check")(function* (
        access: Access,
        { payload, projectId: named, type: name }: Submission
      ) {
        const type = types.get(name)
        if (type === undefined)
          return yield* JobInvalid.at(
            "/type",
            `There is no such type; the types are ${[...types.keys()].join(", ")}.`
          )
        if (
          access.projectId !== null &&
          named !== undefined &&
          named !== access.projectId
        )
          return yield* JobInvalid.at(
            "/projectId",
            "A secret key starts jobs of its own project; leave this field out."
          )
        const projectId = access.projectId ?? named ?? null
        if (access.projectId !== null && type.of === "installation")
          return yield* new Forbidden({
            detail:
              "Jobs of this type are of the whole installation; use the admin key."
          })
        if (type.of === "project" && projectId === null)
          return yield* JobInvalid.at(
            "/projectId",
            "Jobs of this type are of a project; name it."
          )
        if (type.of === "installation" && projectId !== null)
          return yield* JobInvalid.at(
            "/projectId",
            "Jobs of this type are of the whole installation; leave this field out."
          )
        const unstorable = unstorableIn(payload)
        if (unstorable !== undefined)
          return yield* JobInvalid.at(
            `/payload${unstorable}`,
            "Expected text without NUL and without halves of surrogate pairs."
          )
        yield* type.check({ payload, projectId }).pipe(
          Effect.catchTags({
            QueryInvalid: ({ errors }) =>
              new JobInvalid({
                errors: errors.map(({ detail, pointer }) => ({
                  pointer: `/payload${pointer}`,
                  detail
                }))
              }),
            JobRefused: ({ detail, pointer }) =>
              JobInvalid.at(`/payload${pointer}`, detail),
            JobUnavailable: ({ detail, what }) =>
              new JobsUnavailable({ detail: `${what}: ${detail}` })
          })
        )
        return { type, projectId }
      })

      const insert = Effect.fnUntraced(function* (
        job: Omit<Parameters<typeof repo.insert>[0], "id" | "traceId" | "traceparent">,
        mostWaiting: number
      ) {
        const inserted = yield* repo.insert(
          { ...job, ...(yield* currentTrace), id: Bun.randomUUIDv7() },
          mostWaiting
        )
        switch (inserted._tag) {
          case "Inserted":
          case "Known":
            return inserted.job
          case "KeyReused":
            return yield* new KeyReused({})
          case "Full":
            return yield* new TooManyJobs({
              retryAfter: 30,
              detail: `At most ${mostWaiting} jobs of this type wait in a project.`
            })
        }
      })

      const find = Effect.fnUntraced(function* (access: Access, id: string) {
        const found = yield* repo.find(id, access.projectId ?? undefined)
        return Option.isSome(found) ? found.value : yield* new JobNotFound({})
      })

      return Jobs.of({
        check: (access, submission) => Effect.asVoid(check(access, submission)),
        submit: Effect.fn("Jobs.submit")(function* (access, submission, key) {
          if (key !== undefined && !/^[\x20-\x7e]{1,255}$/u.test(key))
            return yield* new KeyMalformed({})
          const { projectId, type } = yield* check(access, submission)
          const job = {
            projectId,
            type: type.name,
            payload: submission.payload,
            createdBy: access.actor
          }
          return yield* insert(
            key === undefined
              ? job
              : { ...job, submission: { key, fingerprint: fingerprintOf(job) } },
            type.limits.waiting
          )
        }),
        get: Effect.fn("Jobs.get")(find),
        page: Effect.fn("Jobs.page")(function* (access, filter, cursor, limit) {
          if (
            access.projectId !== null &&
            filter.projectId !== undefined &&
            filter.projectId !== access.projectId
          )
            return []
          return yield* repo.page(
            {
              projectId: access.projectId ?? filter.projectId,
              ...(filter.state === undefined ? {} : { state: filter.state }),
              ...(filter.type === undefined ? {} : { type: filter.type })
            },
            cursor,
            limit
          )
        }),
        cancel: Effect.fn("Jobs.cancel")(function* (access, id) {
          const job = yield* find(access, id)
          if (job.state === "cancelled") return job
          const changed = yield* repo.requestCancel(id)
          if (Option.isSome(changed)) return changed.value
          return yield* new JobStateConflict({
            detail: "It has ended already; there is nothing to cancel."
          })
        }),
        retry: Effect.fn("Jobs.retry")(function* (access, id) {
          yield* find(access, id)
          const changed = yield* repo.retry(id)
          if (Option.isSome(changed)) return changed.value
          return yield* new JobStateConflict({
            detail: "Only a job that failed, was cancelled or is parked can be retried."
          })
        }),
        log: Effect.fn("Jobs.log")(function* (access, id, cursor, limit) {
          yield* find(access, id)
          return yield* repo.log(id, cursor, limit)
        })
      })
    })
  )
}

const fingerprintOf = (job: {
  readonly projectId: number | null
  readonly type: string
  readonly payload: unknown
}): string =>
  createHash("sha256")
    .update(JSON.stringify([job.projectId, job.type, job.payload ?? null]))
    .digest("hex")
