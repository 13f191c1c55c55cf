import { type Effect, Schema } from "effect"
import type { JobRun } from "./JobRun.ts"

/** The job cannot succeed, however often it is tried: its file is broken, its target is gone. */
export class JobFailed extends Schema.TaggedError<JobFailed>()("JobFailed", {
  /** For people: what went wrong, and what to do about it. */
  detail: Schema.String
}) {}

/** Something the job needs is away; the step is tried again, a limited number of times. */
export class JobUnavailable extends Schema.TaggedError<JobUnavailable>()(
  "JobUnavailable",
  { what: Schema.String, detail: Schema.String }
) {}

/** A payload that fits its schema and still cannot be taken; nothing was started. */
export class JobRefused extends Schema.TaggedError<JobRefused>()("JobRefused", {
  /** JSON pointer into the payload, `/source/path`. */
  pointer: Schema.String,
  detail: Schema.String
}) {}

export interface JobLimits {
  /** Jobs of this type that run at once: of one project, and of all. */
  readonly perProject: number
  readonly inAll: number
  /** Jobs of this type that may wait, of one project; more are answered 429. */
  readonly waiting: number
  /** Milliseconds all steps of a run may take together. */
  readonly time: number
  /** MiB it may hold at once. A runner starts a job only when it has so much to give. */
  readonly memory: number
  /** Times a step is begun without having got any further before the job is parked. */
  readonly attempts: number
}

export interface Job<Payload> {
  /** UUID; external effects are keyed by it and the name of the step. */
  readonly id: string
  /** null: of the whole installation. */
  readonly projectId: number | null
  readonly payload: Payload
}

/** One kind of work. `payload` and `result` are published as JSON Schema. */
export interface JobType<
  Payload extends Schema.Codec<unknown, unknown>,
  Result extends Schema.Codec<unknown, unknown>,
  R = never
> {
  readonly name: string
  readonly description: string
  /** Whether jobs belong to a project, to the installation (admin key only), or to either. */
  readonly of: "project" | "installation" | "either"
  readonly payload: Payload
  readonly result: Result
  readonly limits: JobLimits
  /** Looks at a payload before anything is started. */
  readonly check?: (
    job: Omit<Job<Payload["Type"]>, "id">
  ) => Effect.Effect<void, JobRefused | JobUnavailable, R>
  /**
   * The work, in steps (`JobRun.step`). It is run again from its beginning after a crash or
   * on another runner, with the results of finished steps: what it does outside of steps
   * must depend on nothing else.
   */
  readonly run: (
    job: Job<Payload["Type"]>
  ) => Effect.Effect<Result["Type"], JobFailed | JobUnavailable, R | JobRun>
  /** After a job was cancelled, failed or parked; may be run more than once. */
  readonly cleanUp?: (
    job: Job<Payload["Type"]>
  ) => Effect.Effect<void, JobUnavailable, R>
}
