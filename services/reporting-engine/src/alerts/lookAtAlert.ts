import { Effect } from "effect"
import { EvidenceUnavailable } from "./AlertProblems.ts"
import { type AlertRow, type EvaluationRow, stateOf } from "./AlertRow.ts"
import {
  AlertWork,
  type NewEvaluation,
  type NewNotice,
  type Outcome
} from "./AlertWork.ts"
import { type Bucket, bucketAt, bucketsBefore } from "./alertBuckets.ts"
import { judged, type NoticeKind, revised, type Transition } from "./alertMachine.ts"
import { Evidences } from "./Evidences.ts"
import { held } from "./held.ts"
import type { Judgement } from "./judge.ts"
import {
  type BucketWithPast,
  judgeBucket,
  mutingNote,
  seriesBetween,
  timelineOfAlert
} from "./judgeBuckets.ts"

/** Buckets that are made up for after an outage; older ones are left out, and told. */
export const MOST_CAUGHT_UP = 72
/** How often buckets that were judged are held against what came late. */
const REVISE_EVERY = 3_600_000

interface Judged extends BucketWithPast {
  readonly judgement: Judgement
}

/** Looks at what of an alert is due at `now`, and says what comes of it; writes nothing. */
export const lookAtAlert = Effect.fn("Alert.look")(function* (
  alert: AlertRow,
  now: number
) {
  const { definition, projectId } = alert
  const timeline = timelineOfAlert(definition)
  const grace = definition.graceSeconds * 1000
  const watermark = yield* (yield* Evidences).watermark
  const over = bucketsBefore(timeline, now - grace, MOST_CAUGHT_UP + 1).filter(
    ({ start }) => start >= alert.nextBucket.getTime()
  )
  const due = over.slice(-MOST_CAUGHT_UP)
  const complete = due.filter(({ end }) => end + grace <= watermark)
  if (due[0] !== undefined && complete.length === 0)
    return yield* new EvidenceUnavailable({
      detail: `What was sent is stored up to ${new Date(watermark).toISOString()}, and the bucket ${due[0].label} needs ${new Date(due[0].end + grace).toISOString()}`
    })
  const before = yield* stillOpen(alert, timeline, now)
  const first = before[0]?.bucket.getTime() ?? complete[0]?.start
  const end = complete.at(-1)?.end ?? before.at(-1)?.bucketEnd.getTime()
  const series =
    first === undefined || end === undefined
      ? { buckets: [], asOf: watermark }
      : yield* seriesBetween(projectId, definition, first, end)
  const last = complete.at(-1)
  if (last !== undefined && series.asOf < last.end + grace)
    return yield* new EvidenceUnavailable({
      detail: `Numbers are of ${new Date(series.asOf).toISOString()}, which is too early`
    })
  const judge = (each: BucketWithPast) =>
    Effect.map(judgeBucket(projectId, definition, each), (judgement) => ({
      ...each,
      judgement
    }))
  const isDue = new Set(complete.map(({ start }) => start))
  const fresh = yield* Effect.forEach(
    series.buckets.filter(({ bucket }) => isDue.has(bucket.start)),
    judge,
    { concurrency: 4 }
  )
  const again = yield* Effect.forEach(
    series.buckets.flatMap((each) => {
      const row = before.find(({ bucket }) => bucket.getTime() === each.bucket.start)
      return row && mayDiffer(alert, row, each) ? [{ each, row }] : []
    }),
    ({ each, row }) => Effect.map(judge(each), (one) => ({ ...one, row })),
    { concurrency: 4 }
  )
  const late = again.filter(
    ({ judgement, row }) =>
      judgement.value !== row.value || judgement.verdict !== row.verdict
  )
  const muted =
    fresh.length + late.length === 0 || first === undefined || end === undefined
      ? []
      : yield* (yield* Evidences).mutedTimes(projectId, first, end)
  const mutedBy = (bucket: Bucket) =>
    alert.mutedUntil !== null && now < alert.mutedUntil.getTime()
      ? `Muted until ${alert.mutedUntil.toISOString()}`
      : mutingNote(muted, bucket)
  const gap = over.length > due.length && due[0] ? { end: due[0].start } : undefined
  return outcomeOf(alert, now, {
    fresh,
    late,
    latest: before.at(-1)?.bucket.getTime(),
    mutedBy,
    asOf: series.asOf,
    gapEnd: gap?.end,
    mayStillChange: before.length + fresh.length > 0
  })
})

/** Judged buckets that late data may still change, if they are buckets of this timeline. */
const stillOpen = Effect.fnUntraced(function* (
  alert: AlertRow,
  timeline: ReturnType<typeof timelineOfAlert>,
  now: number
) {
  const { reviseSeconds } = alert.definition
  if (reviseSeconds === 0) return []
  const rows = yield* (yield* AlertWork).judgedSince(alert, now - reviseSeconds * 1000)
  return rows.filter(
    ({ bucket, bucketEnd }) =>
      bucketAt(timeline, bucket.getTime()).end === bucketEnd.getTime()
  )
})

/** Anomalies are asked about again where the bucket itself is another one. */
const mayDiffer = (
  { definition }: AlertRow,
  row: EvaluationRow,
  { values }: BucketWithPast
) =>
  definition.condition.kind !== "anomaly" ||
  (values.at(-1)?.value ?? null) !== row.value

interface Findings {
  readonly fresh: ReadonlyArray<Judged>
  readonly late: ReadonlyArray<Judged & { readonly row: EvaluationRow }>
  /** Start of the newest bucket that was judged before. */
  readonly latest: number | undefined
  readonly mutedBy: (bucket: Bucket) => string | null
  readonly asOf: number
  /** Where buckets that are left out end. */
  readonly gapEnd: number | undefined
  readonly mayStillChange: boolean
}

const outcomeOf = (alert: AlertRow, now: number, findings: Findings): Outcome => {
  const { definition } = alert
  const policy = {
    cooldown: definition.cooldownSeconds * 1000,
    tellResolved: definition.tellResolved
  }
  let state = stateOf(alert)
  const notices: Array<NewNotice> = []
  const tell = (kind: NoticeKind, key: string, content: NewNotice["content"]) =>
    notices.push({ kind, key, content, ...held(definition, now) })
  const take = (
    { bucket, judgement }: Judged,
    transition: Transition
  ): NewEvaluation => {
    state = transition.state
    if (transition.notice)
      tell(transition.notice.kind, transition.notice.key, {
        label: bucket.label,
        value: judgement.value,
        expected: judgement.expected,
        reason: judgement.reason
      })
    const why = transition.withheld === undefined ? "" : `. ${transition.withheld}`
    return {
      bucket: bucket.start,
      bucketEnd: bucket.end,
      label: bucket.label,
      ...judgement,
      reason: `${judgement.reason}${why}`,
      phase: state.phase,
      asOf: findings.asOf
    }
  }
  const of = ({ bucket, judgement }: Judged) => ({
    bucket: bucket.start,
    verdict: judgement.verdict,
    at: now,
    mutedBy: findings.mutedBy(bucket)
  })

  if (alert.outageTold)
    tell("recovered", `recovered:${alert.outage}`, {
      label: null,
      value: null,
      expected: null,
      reason: "It is evaluated again"
    })
  const revisions = findings.late.map((one) => {
    const isLatest = one.bucket.start === findings.latest
    const before = one.row.verdict === "skipped" ? "unknown" : one.row.verdict
    return take(one, revised(state, before, { ...of(one), isLatest }, policy))
  })
  const evaluations: Array<NewEvaluation> = []
  if (findings.gapEnd !== undefined) {
    const gap = gapOf(alert, findings.gapEnd, state.phase)
    evaluations.push(gap)
    tell("skipped", `skipped:${gap.bucket}`, {
      label: gap.label,
      value: null,
      expected: null,
      reason: gap.reason
    })
  }
  for (const one of findings.fresh)
    evaluations.push(take(one, judged(state, of(one), policy)))

  const nextBucket = evaluations.at(-1)?.bucketEnd ?? alert.nextBucket.getTime()
  const next = bucketAt(timelineOfAlert(definition), nextBucket)
  const complete = next.end + definition.graceSeconds * 1000
  const mayChange = definition.reviseSeconds > 0 && findings.mayStillChange
  return {
    state,
    evaluations,
    revisions,
    notices,
    nextBucket,
    nextAt: mayChange ? Math.min(complete, now + REVISE_EVERY) : complete,
    failure: null,
    outage: alert.outage,
    outageTold: false
  }
}

/** One line for all buckets that are not made up for. */
const gapOf = (
  { nextBucket }: AlertRow,
  end: number,
  phase: NewEvaluation["phase"]
): NewEvaluation => ({
  bucket: nextBucket.getTime(),
  bucketEnd: end,
  label: `${nextBucket.toISOString()} – ${new Date(end).toISOString()}`,
  value: null,
  expected: null,
  verdict: "skipped",
  reason: `Nothing could evaluate it then; the ${MOST_CAUGHT_UP} buckets after it were made up for`,
  phase,
  asOf: null
})
