import type { Metric } from "../Chart.ts"
import { numberText } from "../format/numberText.ts"

/** How a number moved since what it is compared with. */
export interface MetricChange {
  readonly direction: "up" | "down" | "same"
  /** As a reader writes it: `12.5%`, `3.1 percentage points`; undefined from 0 or nothing. */
  readonly text: string | undefined
  readonly verdict: "good" | "bad" | "neutral"
  readonly before: string
}

/** The change of a metric; undefined when there is nothing to compare. */
export const metricChange = (
  { value, values, compare, better }: Metric,
  locale: string
): MetricChange | undefined => {
  if (compare === undefined) return undefined
  const before = numberText(compare.value, values.kind, values.unit, locale)
  const from = compare.value
  if (
    value === null ||
    from === null ||
    !Number.isFinite(value) ||
    !Number.isFinite(from)
  )
    return { direction: "same", text: undefined, verdict: "neutral", before }
  const direction = value > from ? "up" : value < from ? "down" : "same"
  const share = Math.abs(value / from - 1)
  const text =
    values.kind === "percent"
      ? `${numberText(Math.abs(value - from) * 100, "number", undefined, locale)} pp`
      : from > 0 && Number.isFinite(share)
        ? numberText(share, "percent", undefined, locale)
        : undefined
  const wanted = better === "less" ? "down" : "up"
  const verdict =
    better === undefined || direction === "same"
      ? "neutral"
      : direction === wanted
        ? "good"
        : "bad"
  return { direction, text, verdict, before }
}
