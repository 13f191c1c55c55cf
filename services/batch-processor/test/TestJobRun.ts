import { Effect, Option, Schema } from "effect"
import type { JobRun, Progress } from "../src/jobs/JobRun.ts"

/** What the engine would keep of one job, in memory: it outlives runs that are broken off. */
export interface KeptJob {
  readonly results: Map<string, unknown>
  readonly checkpoints: Map<string, unknown>
  readonly lines: Array<{ readonly level: string; readonly message: string }>
  progress: Progress | undefined
  /** Steps that were begun, one by one. */
  readonly begun: Array<string>
}

export const newJob = (): KeptJob => ({
  results: new Map(),
  checkpoints: new Map(),
  lines: [],
  progress: undefined,
  begun: []
})

/**
 * A `JobRun` over what is kept of a job. Interrupt whoever runs it and provide it again, and
 * the job goes on as after a crash; with `retry` as after a retry by a person.
 */
export const jobRun = (
  kept: KeptJob,
  job: { readonly id: string; readonly projectId: number | null }
): JobRun["Service"] => ({
  jobId: job.id,
  projectId: job.projectId,
  run: 1,
  dueAt: new Date(0),
  effectKey: (name) => `${job.id}/${name}`,
  step: (name, result, effect) =>
    Effect.suspend(() => {
      const json = Schema.toCodecJson(result)
      if (kept.results.has(name))
        return Effect.orDie(Schema.decodeUnknownEffect(json)(kept.results.get(name)))
      kept.begun.push(name)
      return Effect.tap(effect, (value) =>
        Effect.map(Effect.orDie(Schema.encodeEffect(json)(value)), (encoded) => {
          kept.results.set(name, throughText(encoded))
        })
      )
    }),
  checkpoint: (name, schema) => {
    const json = Schema.toCodecJson(schema)
    return {
      read: Effect.suspend(() =>
        kept.checkpoints.has(name)
          ? Effect.asSome(
              Effect.orDie(Schema.decodeUnknownEffect(json)(kept.checkpoints.get(name)))
            )
          : Effect.succeed(Option.none())
      ),
      save: (value) =>
        Effect.map(Effect.orDie(Schema.encodeEffect(json)(value)), (encoded) => {
          kept.checkpoints.set(name, throughText(encoded))
        })
    }
  },
  progress: (progress) =>
    Effect.sync(() => {
      kept.progress = progress
    }),
  log: (level, message) =>
    Effect.sync(() => {
      kept.lines.push({ level, message })
    })
})

/** The next run of the same job: results of steps are gone, checkpoints stay. */
export const retry = (kept: KeptJob): void => kept.results.clear()

/** As a column of type jsonb gives it back. */
const throughText = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value))
