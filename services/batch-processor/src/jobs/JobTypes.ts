import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import type { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Context, Effect, Layer, Schema } from "effect"
import type { JobRun } from "./JobRun.ts"
import type {
  Job,
  JobFailed,
  JobLimits,
  JobRefused,
  JobType,
  JobUnavailable
} from "./JobType.ts"

/** A job whose payload nobody has looked at yet. */
type RawJob = Job<unknown>

/** A type of job that has what it needs, and reads payloads by itself. */
export interface ReadyJobType {
  readonly name: string
  readonly description: string
  readonly of: "project" | "installation" | "either"
  readonly limits: JobLimits
  readonly payload: Schema.Codec<unknown, unknown>
  readonly result: Schema.Codec<unknown, unknown>
  check(
    job: Omit<RawJob, "id">
  ): Effect.Effect<void, QueryInvalid | JobRefused | JobUnavailable>
  /** Succeeds with the encoded result. */
  run(job: RawJob): Effect.Effect<unknown, JobFailed | JobUnavailable, JobRun>
  cleanUp(job: RawJob): Effect.Effect<void, JobUnavailable>
}

/** Closes a type over the services that it needs. */
export const ready = <
  Payload extends Schema.Codec<unknown, unknown>,
  Result extends Schema.Codec<unknown, unknown>,
  R
>(
  type: JobType<Payload, Result, R>
): Effect.Effect<ReadyJobType, never, R> =>
  Effect.map(Effect.context<R>(), (context) => {
    const decodeGiven = decodeStrictly(type.payload)
    // What is stored was accepted once; a field more is not its fault.
    const decodeStored = Schema.decodeUnknownEffect(type.payload)
    const withPayload = (job: RawJob) =>
      Effect.map(Effect.orDie(decodeStored(job.payload)), (payload) => ({
        ...job,
        payload
      }))
    const encode = Schema.encodeEffect(type.result)
    return {
      ...type,
      check: Effect.fnUntraced(function* ({ payload, projectId }) {
        const decoded = yield* decodeGiven(payload)
        if (type.check !== undefined)
          yield* Effect.provide(type.check({ payload: decoded, projectId }), context)
      }),
      run: (job) =>
        withPayload(job).pipe(
          Effect.flatMap((it) => Effect.provide(type.run(it), context)),
          Effect.flatMap((result) => Effect.orDie(encode(result)))
        ),
      cleanUp: (job) =>
        Effect.suspend(() =>
          type.cleanUp === undefined
            ? Effect.void
            : Effect.flatMap(withPayload(job), type.cleanUp).pipe(
                Effect.provide(context)
              )
        )
    }
  })

/** The kinds of work that this process knows. */
export class JobTypes extends Context.Service<
  JobTypes,
  ReadonlyMap<string, ReadyJobType>
>()("@analytics/batch-processor/jobs/JobTypes") {
  static readonly layer = <R>(
    types: Effect.Effect<ReadonlyArray<ReadyJobType>, never, R>
  ) =>
    Layer.effect(
      JobTypes,
      Effect.map(types, (all) => new Map(all.map((type) => [type.name, type])))
    )
}
