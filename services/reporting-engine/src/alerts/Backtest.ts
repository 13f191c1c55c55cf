import { Effect, Schema } from "effect"
import type { AlertDefinition } from "./AlertDefinition.ts"
import { AlertInvalid } from "./AlertProblems.ts"
import { bucketAt, bucketsBefore } from "./alertBuckets.ts"
import { type AlertState, initialState, judged } from "./alertMachine.ts"
import { Evidences } from "./Evidences.ts"
import {
  judgeBucket,
  mutingNote,
  seriesBetween,
  timelineOfAlert
} from "./judgeBuckets.ts"

/** Buckets of a back-test; an anomaly is asked about bucket by bucket. */
export const MOST_BUCKETS = 1000
export const MOST_ANOMALIES = 200
/** What the answer to a new alert looks back on. */
export const USUAL_BUCKETS = 30

const Instant = Schema.DateFromString

export const BacktestAnswer = Schema.Struct({
  buckets: Schema.Array(
    Schema.Struct({
      bucket: Instant,
      bucketEnd: Instant,
      label: Schema.String,
      value: Schema.NullOr(Schema.Finite),
      expected: Schema.NullOr(Schema.Finite),
      verdict: Schema.Literals(["ok", "breach", "unknown"]),
      reason: Schema.String,
      phase: Schema.Literals(["ok", "firing"])
    })
  ),
  fired: Schema.Array(
    Schema.Struct({
      bucket: Instant,
      label: Schema.String,
      told: Schema.Boolean.annotate({
        description: "false: a note mutes it, or it would be within the cooldown"
      })
    })
  ),
  /** `It would have fired 3 times: on 2026-03-01, …` */
  summary: Schema.String,
  /** The watermark of the numbers; null: there was no bucket to judge. */
  asOf: Schema.NullOr(Instant)
})
export type BacktestAnswer = typeof BacktestAnswer.Type

/**
 * What an alert would have said of the buckets of `[from, to)`, epoch milliseconds, that
 * are complete, by the rules that judge what comes.
 */
export const backtest = Effect.fn("Alert.backtest")(function* (
  projectId: number,
  alert: AlertDefinition,
  from: number,
  to: number
) {
  const evidences = yield* Evidences
  const timeline = timelineOfAlert(alert)
  const grace = alert.graceSeconds * 1000
  const most = alert.condition.kind === "anomaly" ? MOST_ANOMALIES : MOST_BUCKETS
  const until = Math.min(to, (yield* evidences.watermark) - grace)
  const start = bucketAt(timeline, from).start
  const own = bucketsBefore(timeline, until, most + 1).filter(
    (bucket) => bucket.start >= start
  )
  if (own.length > most)
    return yield* AlertInvalid.at(
      "/from",
      `At most ${most} buckets at once: ask for a later from or a longer interval`
    )
  const [first, last] = [own[0], own.at(-1)]
  if (first === undefined || last === undefined)
    return {
      buckets: [],
      fired: [],
      summary: "No bucket of that time is complete.",
      asOf: null
    } satisfies BacktestAnswer
  const { asOf, buckets } = yield* seriesBetween(
    projectId,
    alert,
    first.start,
    last.end
  )
  const muted = yield* evidences.mutedTimes(projectId, first.start, last.end)
  const judgements = yield* Effect.forEach(
    buckets,
    (each) => judgeBucket(projectId, alert, each),
    { concurrency: 4 }
  )
  let state: AlertState = initialState
  const fired: Array<{ bucket: Date; label: string; told: boolean }> = []
  const policy = {
    cooldown: alert.cooldownSeconds * 1000,
    tellResolved: alert.tellResolved
  }
  const lines = buckets.flatMap(({ bucket }, index) => {
    const judgement = judgements[index]
    if (judgement === undefined) return []
    const before = state
    const { notice, state: after } = judged(
      state,
      {
        bucket: bucket.start,
        verdict: judgement.verdict,
        at: bucket.end + grace,
        mutedBy: mutingNote(muted, bucket)
      },
      policy
    )
    state = after
    const line = { bucket: new Date(bucket.start), label: bucket.label }
    if (after.episode > before.episode) fired.push({ ...line, told: false })
    const current = fired.at(-1)
    if (notice?.kind === "fired" && current) current.told = true
    return [
      { ...line, ...judgement, bucketEnd: new Date(bucket.end), phase: state.phase }
    ]
  })
  return {
    buckets: lines,
    fired,
    summary: summaryOf(fired.map(({ label }) => label)),
    asOf: new Date(asOf)
  } satisfies BacktestAnswer
})

const SHOWN = 10

const summaryOf = (labels: ReadonlyArray<string>): string => {
  if (labels.length === 0) return "It would not have fired."
  const times = labels.length === 1 ? "once" : `${labels.length} times`
  const more = labels.length > SHOWN ? ` and ${labels.length - SHOWN} more` : ""
  return `It would have fired ${times}: on ${labels.slice(0, SHOWN).join(", ")}${more}.`
}
