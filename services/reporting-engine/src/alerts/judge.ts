import {
  type AlertInterval,
  bucketsOfWeek,
  type Timeline,
  weeksBefore
} from "./alertBuckets.ts"
import type { Condition } from "./Condition.ts"

export type Verdict = "ok" | "breach" | "unknown"

export interface Judgement {
  readonly verdict: Verdict
  readonly value: number | null
  /** What the value was held against, when that is one number. */
  readonly expected: number | null
  readonly reason: string
}

export interface ValueOfBucket {
  readonly start: number
  readonly value: number | null
}

/** What ml-inference says of the judged bucket; null: nothing could be expected. */
export interface AnomalyOfBucket {
  readonly kind: "high" | "low" | "missing" | null
  readonly expected: number | null
  readonly lower: number | null
  readonly upper: number | null
}

export interface Evidence {
  readonly timeline: Timeline
  /** Exactly `lookback` buckets and the judged one, oldest first. */
  readonly values: ReadonlyArray<ValueOfBucket>
  /** Only an anomaly needs it. */
  readonly anomaly: AnomalyOfBucket | undefined
}

const WEEKS = 4
/** Of the four weeks before: what was there in so many is usually there. */
const USUAL_WEEKS = 2

/** Past of an anomaly: four weeks of hours, sixteen of days, two years of weeks. */
const anomalyPast: Readonly<Record<AlertInterval, number>> = {
  hour: 672,
  day: 112,
  week: 104
}

/** How many buckets before the judged one a condition looks at. */
export const lookback = (condition: Condition, interval: AlertInterval): number => {
  switch (condition.kind) {
    case "threshold":
      return (condition.of ?? condition.buckets ?? 1) - 1
    case "change":
      if (condition.versus === "previous") return 1
      if (condition.versus === "mean") return condition.buckets ?? 7
      return bucketsOfWeek[interval]
    case "anomaly":
      return anomalyPast[interval]
    case "missing":
      return WEEKS * bucketsOfWeek[interval] + (condition.buckets ?? 1) - 1
  }
}

/**
 * What a bucket is: the one function that both the evaluation of what happens and the
 * back-test of what happened ask.
 */
export const judge = (condition: Condition, evidence: Evidence): Judgement => {
  const value = evidence.values.at(-1)?.value ?? null
  switch (condition.kind) {
    case "threshold":
      return judgeThreshold(condition, evidence, value)
    case "change":
      return judgeChange(condition, evidence, value)
    case "anomaly":
      return judgeAnomaly(condition, evidence, value)
    case "missing":
      return judgeMissing(condition, evidence, value)
  }
}

type Of<Kind extends Condition["kind"]> = Extract<Condition, { readonly kind: Kind }>

const judgeThreshold = (
  { buckets = 1, direction, of = buckets, value: limit }: Of<"threshold">,
  { values }: Evidence,
  value: number | null
): Judgement => {
  const isBeyond = (one: number | null) =>
    one !== null && (direction === "above" ? one > limit : one < limit)
  const beyond = values.slice(-of).filter((one) => isBeyond(one.value)).length
  const side = isBeyond(value) ? direction : `not ${direction}`
  const count = of === 1 ? "" : `; ${beyond} of the last ${of} are, ${buckets} needed`
  return {
    // A bucket that is fine itself ends nothing: the others of its `of` may still count.
    verdict: beyond >= buckets ? "breach" : "ok",
    value,
    expected: limit,
    reason: `${shown(value)} is ${side} ${shown(limit)}${count}`
  }
}

const judgeChange = (
  condition: Of<"change">,
  evidence: Evidence,
  value: number | null
): Judgement => {
  const { direction, minimumVolume = 0, unit, value: limit } = condition
  const base = baseOf(condition, evidence)
  const against = `${baseNames[condition.versus]}${base === null ? "" : ` (${shown(base)})`}`
  const said = (verdict: Verdict, reason: string): Judgement => ({
    verdict,
    value,
    expected: base,
    reason
  })
  if (value === null) return said("unknown", "There is no value")
  if (base === null) return said("unknown", `There is no value of ${against}`)
  const delta = value - base
  if (Math.max(Math.abs(value), Math.abs(base)) < minimumVolume)
    return said("ok", `${shown(value)} and ${against} are below the minimum volume`)
  const size =
    unit === "absolute" || delta === 0 ? Math.abs(delta) : Math.abs(delta / base) * 100
  const amount = `${shown(size)}${unit === "percent" ? " %" : ""}`
  const way = delta < 0 ? "down" : "up"
  const change =
    delta === 0
      ? `is as ${against}`
      : `is ${size === Number.POSITIVE_INFINITY ? "" : `${amount} `}${way} on ${against}`
  const isWay = delta !== 0 && (direction === "any" || direction === way)
  return said(isWay && size >= limit ? "breach" : "ok", `${shown(value)} ${change}`)
}

const baseNames = {
  previous: "the bucket before",
  week_ago: "the same time of the week before",
  mean: "the mean of those before"
} as const

const baseOf = (
  { versus }: Of<"change">,
  { timeline, values }: Evidence
): number | null => {
  const judged = values.at(-1)
  if (judged === undefined) return null
  if (versus === "previous") return values.at(-2)?.value ?? null
  if (versus === "week_ago")
    return valueAt(values, weeksBefore(timeline, judged.start, 1))
  const known = values.slice(0, -1).flatMap(({ value }) => value ?? [])
  return known.length === 0
    ? null
    : known.reduce((sum, one) => sum + one, 0) / known.length
}

/** Of the bucket that the instant lies in; null: unknown or nothing. */
const valueAt = (
  values: ReadonlyArray<ValueOfBucket>,
  instant: number
): number | null => values.findLast(({ start }) => start <= instant)?.value ?? null

const judgeAnomaly = (
  { direction, minimumVolume = 0 }: Of<"anomaly">,
  { anomaly }: Evidence,
  value: number | null
): Judgement => {
  const expected = anomaly?.expected ?? null
  const said = (verdict: Verdict, reason: string): Judgement => ({
    verdict,
    value,
    expected,
    reason
  })
  if (anomaly === undefined || expected === null)
    return said("unknown", "The buckets before do not say yet what to expect")
  const { kind, lower, upper } = anomaly
  const range = `${shown(expected)} was expected (${shown(lower)} to ${shown(upper)})`
  if (kind === null) return said("ok", `${shown(value)}, where ${range}`)
  const way = kind === "high" ? "high" : "low"
  if (direction !== "any" && direction !== way)
    return said("ok", `${shown(value)} is ${way}, which is not watched: ${range}`)
  if (Math.max(Math.abs(value ?? 0), Math.abs(expected)) < minimumVolume)
    return said("ok", `${shown(value)} is ${way}, but below the minimum volume`)
  return said("breach", `${shown(value)} is unusually ${way}: ${range}`)
}

const judgeMissing = (
  { buckets = 1 }: Of<"missing">,
  { timeline, values }: Evidence,
  value: number | null
): Judgement => {
  const last = values.slice(-buckets)
  const said = (verdict: Verdict, reason: string): Judgement => ({
    verdict,
    value,
    expected: null,
    reason
  })
  if (last.some((one) => isThere(one.value)))
    return said("ok", "There was something in the last buckets")
  const weeks = [1, 2, 3, 4].filter((before) =>
    last.some(({ start }) =>
      isThere(valueAt(values, weeksBefore(timeline, start, before)))
    )
  ).length
  const span = buckets === 1 ? "this bucket" : `the last ${buckets} buckets`
  const past = `there was something in ${weeks} of the ${WEEKS} weeks before`
  return weeks >= USUAL_WEEKS
    ? said("breach", `Nothing in ${span}, while ${past}`)
    : said("ok", `Nothing in ${span}, as usual: ${past}`)
}

const isThere = (value: number | null) => value !== null && value !== 0

/** At most six digits that count, the same on every machine. */
export const shown = (value: number | null): string =>
  value === null ? "No value" : String(Number(value.toPrecision(6)))
