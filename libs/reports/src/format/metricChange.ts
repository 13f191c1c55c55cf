import type { Metric } from "../Chart.ts"
import { numberText } from "./numberText.ts"
import { plainLine } from "./plainText.ts"

/** What became of a number since the period it is compared with. */
export interface MetricChange {
  readonly direction: "up" | "down" | "same"
  /** null: nobody said whether more of it is good, or nothing changed. */
  readonly good: boolean | null
  /** `+12.5%`; for shares the difference in points: `+1.5 pp`; `±0` of nothing. */
  readonly text: string
  /** The value before and what it was before: `1,204`, `previous 7 days`. */
  readonly before: string
  readonly label: string
}

/** null where there is nothing to compare. */
export const metricChange = (metric: Metric, locale: string): MetricChange | null => {
  const { compare, value, values, better } = metric
  const before = compare?.value ?? null
  if (compare === undefined || value === null || before === null) return null
  if (!Number.isFinite(value) || !Number.isFinite(before)) return null
  const difference = value - before
  const direction = difference > 0 ? "up" : difference < 0 ? "down" : "same"
  const sign = direction === "up" ? "+" : direction === "down" ? "−" : "±"
  const size = Math.abs(difference)
  // A difference that is too large for a number: what is it as a share?
  const share = Number.isFinite(size)
    ? size / Math.abs(before)
    : Math.abs(value / before - 1)
  const amount =
    values.kind === "percent"
      ? numberText(size * 100, "number", "pp", locale)
      : Number.isFinite(share)
        ? numberText(share, "percent", undefined, locale)
        : numberText(size, values.kind, values.unit, locale)
  return {
    direction,
    good:
      better === undefined || direction === "same"
        ? null
        : (better === "more") === (direction === "up"),
    text: `${sign}${amount}`,
    before: numberText(before, values.kind, values.unit, locale),
    label: plainLine(compare.label, 200)
  }
}
