import { Context, type Effect } from "effect"
import type { AlertDefinition } from "./AlertDefinition.ts"
import type { EvidenceProblem } from "./AlertProblems.ts"
import type { AnomalyOfBucket, ValueOfBucket } from "./judge.ts"

/** Of the buckets asked for, oldest first; instants in epoch milliseconds. */
export interface ValuesOfBuckets {
  readonly values: ReadonlyArray<ValueOfBucket>
  /** The watermark at which they were counted. */
  readonly asOf: number
}

/** A time in which the team expects odd numbers: `[from, to)`. */
export interface MutedTime {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** What alerts judge by, wherever it comes from. */
export class Evidences extends Context.Service<
  Evidences,
  {
    /** The series of an alert over `[from, to)`, both at edges of its buckets. */
    values(
      projectId: number,
      alert: AlertDefinition,
      from: number,
      to: number
    ): Effect.Effect<ValuesOfBuckets, EvidenceProblem>
    /** Of the last of the values, which follow each other without a gap. */
    anomaly(
      projectId: number,
      alert: AlertDefinition,
      values: ReadonlyArray<ValueOfBucket>
    ): Effect.Effect<AnomalyOfBucket, EvidenceProblem>
    /** Annotations that mute alerts and touch `[from, to)`. */
    mutedTimes(
      projectId: number,
      from: number,
      to: number
    ): Effect.Effect<ReadonlyArray<MutedTime>, EvidenceProblem>
    /** Everything before it is stored. */
    readonly watermark: Effect.Effect<number, EvidenceProblem>
    /** IANA name of the project's. */
    timezone(projectId: number): Effect.Effect<string, EvidenceProblem>
  }
>()("@analytics/reporting-engine/alerts/Evidences") {}
