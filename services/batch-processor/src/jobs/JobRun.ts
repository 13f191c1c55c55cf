import { Context, type Effect, type Option, type Schema } from "effect"
import type { JobFailed, JobUnavailable } from "./JobType.ts"

/** How far a job is. `total` is null while nobody knows. */
export interface Progress {
  readonly done: number
  readonly total: number | null
  /** What is counted: `rows`, `bytes`, `people`. */
  readonly unit: string
  /** Other counts worth seeing: `{"duplicates": 12}`. */
  readonly counts?: Readonly<Record<string, number>>
}

/**
 * What a running job may do. Writes are fenced: a runner that lost the job to another one
 * is interrupted at its next write instead of writing.
 */
export class JobRun extends Context.Service<
  JobRun,
  {
    readonly jobId: string
    readonly projectId: number | null
    /** 1, and one more for each `retry` of a person. */
    readonly run: number
    /** When its schedule meant it to run; else when it was made. The same in every run. */
    readonly dueAt: Date
    /**
     * A durable activity, named once in a job: run until it succeeded, then its result is
     * kept and given again. A crash may run the effect again, so whatever it does to the
     * outside carries the key `effectKey(name)`. `JobUnavailable` is tried again with
     * growing waits; `JobFailed` ends the job.
     */
    step<A, I, R>(
      name: string,
      result: Schema.Codec<A, I>,
      effect: Effect.Effect<A, JobFailed | JobUnavailable, R>
    ): Effect.Effect<A, JobFailed | JobUnavailable, R>
    /** `jobId/name`: the same in every attempt and every run. */
    effectKey(name: string): string
    /** What `save` last kept under this name, also by an earlier run of the same job. */
    checkpoint<A, I>(
      name: string,
      schema: Schema.Codec<A, I>
    ): {
      readonly read: Effect.Effect<Option.Option<A>, JobUnavailable>
      /** Counts as getting further: attempts are counted anew. */
      readonly save: (value: A) => Effect.Effect<void, JobUnavailable>
    }
    /** Kept at most once a second; the last one is always kept. */
    progress(progress: Progress): Effect.Effect<void>
    /** A line of the job's log, for people. At most 10,000 are kept. */
    log(
      level: "info" | "warning" | "error",
      message: string,
      data?: Readonly<Record<string, string | number | boolean>>
    ): Effect.Effect<void>
  }
>()("@analytics/batch-processor/jobs/JobRun") {}
