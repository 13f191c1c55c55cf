import type { JobProgress } from "./Job.ts"
import type { Progress } from "./JobRun.ts"

/** Where the counting began, in epoch milliseconds and in what is counted. */
export interface Beginning {
  readonly at: number
  readonly done: number
}

/** Progress as it is shown: how much of it, and how long the rest takes at this pace. */
export const shownProgress = (
  { counts = {}, done, total, unit }: Progress,
  beginning: Beginning,
  now: number
): JobProgress => {
  const perMs = (done - beginning.done) / (now - beginning.at)
  const left = total === null ? null : Math.max(0, total - done)
  return {
    done,
    total,
    unit,
    counts,
    ratio: total === null || total <= 0 ? null : Math.min(1, done / total),
    etaSeconds: left === 0 ? 0 : secondsFor(left, perMs)
  }
}

const secondsFor = (left: number | null, perMs: number): number | null =>
  left === null || !(perMs > 0) ? null : Math.ceil(left / perMs / 1000)
