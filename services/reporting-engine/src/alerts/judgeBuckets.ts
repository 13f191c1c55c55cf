import { Effect } from "effect"
import type { AlertDefinition } from "./AlertDefinition.ts"
import {
  type Bucket,
  bucketsBefore,
  bucketsBetween,
  type Timeline,
  timelineOf
} from "./alertBuckets.ts"
import { Evidences, type MutedTime, type ValuesOfBuckets } from "./Evidences.ts"
import { type Judgement, judge, lookback, type ValueOfBucket } from "./judge.ts"

/** A bucket and what came before it: exactly what its rule looks at. */
export interface BucketWithPast {
  readonly bucket: Bucket
  readonly values: ReadonlyArray<ValueOfBucket>
}

export interface Series {
  readonly buckets: ReadonlyArray<BucketWithPast>
  /** The watermark of all its numbers, epoch milliseconds. */
  readonly asOf: number
}

export const timelineOfAlert = ({ interval, timezone, weekStart }: AlertDefinition) =>
  timelineOf(timezone, interval, weekStart)

/** The buckets of `[from, to)`, edges of buckets in epoch milliseconds, in one question. */
export const seriesBetween = Effect.fn("Alert.series")(function* (
  projectId: number,
  alert: AlertDefinition,
  from: number,
  to: number
) {
  const timeline = timelineOfAlert(alert)
  const past = lookback(alert.condition, alert.interval)
  const before = bucketsBefore(timeline, from, past)
  const asked = yield* (yield* Evidences).values(
    projectId,
    alert,
    before[0]?.start ?? from,
    to
  )
  return {
    buckets: withPast(timeline, before, from, to, past, asked),
    asOf: asked.asOf
  } satisfies Series
})

const withPast = (
  timeline: Timeline,
  before: ReadonlyArray<Bucket>,
  from: number,
  to: number,
  past: number,
  asked: ValuesOfBuckets
): ReadonlyArray<BucketWithPast> => {
  const known = new Map(asked.values.map(({ start, value }) => [start, value]))
  const own = bucketsBetween(timeline, from, to)
  const values = [...before, ...own].map(({ start }) => ({
    start,
    value: known.get(start) ?? null
  }))
  return own.map((bucket, index) => {
    const end = before.length + index + 1
    return { bucket, values: values.slice(Math.max(0, end - past - 1), end) }
  })
}

/** What a bucket is; live and in a back-test alike. */
export const judgeBucket = Effect.fnUntraced(function* (
  projectId: number,
  alert: AlertDefinition,
  { values }: BucketWithPast
) {
  const anomaly =
    alert.condition.kind === "anomaly"
      ? yield* (yield* Evidences).anomaly(projectId, alert, values)
      : undefined
  const timeline = timelineOfAlert(alert)
  return judge(alert.condition, { timeline, values, anomaly }) satisfies Judgement
})

/** The first note that mutes the bucket, as a reason. */
export const mutingNote = (
  times: ReadonlyArray<MutedTime>,
  { end, start }: Bucket
): string | null => {
  const note = times.find(({ from, to }) => from < end && to > start)
  return note === undefined ? null : `Muted by the note "${note.text.slice(0, 200)}"`
}
