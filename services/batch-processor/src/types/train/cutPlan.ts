import { latestCuts } from "@analytics/ml-models/features/cuts"
import { Schema } from "effect"
import type { Payload } from "./TrainPayload.ts"

const DAY = 86_400_000

export const PlannedCut = Schema.Struct({
  /** Epoch milliseconds. */
  at: Schema.Int,
  /** `people`: some of its people are validated by, the others learnt from. */
  for: Schema.Literals(["train", "validation", "holdout", "people"])
})
export type PlannedCut = typeof PlannedCut.Type

/** Where the activity of a project begins and ends, in epoch milliseconds. */
export interface Span {
  readonly first: number
  readonly last: number
}

const DEFAULT_CUTS = 6

/**
 * Which cuts are learnt from, chosen by and judged by, oldest first; or why there are too
 * few. The holdout is the newest; whatever has a target window that reaches into the
 * holdout's is left out. The newest of the others validates; when there is only one other,
 * a part of its people does.
 */
export const cutPlan = (
  payload: Pick<Payload, "target" | "cuts" | "holdout" | "latenessHours">,
  span: Span,
  watermark: number
): ReadonlyArray<PlannedCut> | string => {
  const { target, cuts = {}, holdout = 1, latenessHours = 24 } = payload
  const count = cuts.count ?? DEFAULT_CUTS
  const window = target.days * DAY
  // Activity up to and with its last millisecond, then nothing: the window may end there.
  const until = Math.min(
    cuts.until === undefined
      ? span.last + 1 + latenessHours * 3_600_000
      : Date.parse(cuts.until),
    watermark
  )
  const all = latestCuts({
    until,
    targetDays: target.days,
    latenessHours,
    count: Math.max(count, holdout + 1),
    ...(cuts.everyDays === undefined ? {} : { everyDays: cuts.everyDays })
  }).filter((at) => at > span.first)
  const judged = all.slice(-holdout)
  const [firstJudged] = judged
  const others =
    firstJudged === undefined ? [] : all.filter((at) => at + window <= firstJudged)
  const last = others.at(-1)
  if (last === undefined)
    return `From ${date(span.first)} to ${date(until)} there is no room for two target windows of ${target.days} days one after the other, and something before them: one to learn from, one to be judged by. Foretell fewer days, or wait for more events.`
  const learnt = others.filter((at) => at + window <= last)
  return [
    ...(learnt.length === 0
      ? [{ at: last, for: "people" as const }]
      : [
          ...learnt.map((at) => ({ at, for: "train" as const })),
          { at: last, for: "validation" as const }
        ]),
    ...judged.map((at) => ({ at, for: "holdout" as const }))
  ]
}

const date = (ms: number) => new Date(ms).toISOString().slice(0, 10)
