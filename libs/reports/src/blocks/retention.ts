import type { RetentionResult } from "@analytics/analytics-core/query/retention/Retention"
import { timeZone, wallClockLabel } from "@analytics/analytics-core/query/TimeZone"
import type { Chart } from "../Chart.ts"
import type { Asked } from "./Asked.ts"
import type { Drawn } from "./seriesChart.ts"

/** Rows that fit on a page; the newest are shown. */
const MOST_COHORTS = 26

const cohortLabel = (start: string, interval: string, timezone: string): string => {
  const zone = timeZone(timezone)
  const wall = zone === undefined ? start : wallClockLabel(zone, Date.parse(start))
  return interval === "hour" || interval === "minute"
    ? wall.slice(0, 16).replace("T", " ")
    : wall.slice(0, 10)
}

/** Of all cohorts that are old enough, the share that came back one period later. */
const firstReturn = ({ cohorts }: RetentionResult): number | null => {
  const old = cohorts.filter(({ counts }) => counts.length > 1)
  const people = old.reduce((sum, { size }) => sum + size, 0)
  const back = old.reduce((sum, { counts }) => sum + (counts[1] ?? 0), 0)
  return people === 0 ? null : back / people
}

export const drawRetention = (asked: Asked, result: RetentionResult): Drawn => {
  const interval = String(asked.request["interval"])
  const asOf = Date.parse(asked.answer.asOf)
  const known = result.cohorts.filter(({ start }) => Date.parse(start) < asOf)
  // Cohorts before the first people say nothing but that nobody was there yet.
  const begun = known.slice(Math.max(0, known.findIndex(({ size }) => size > 0)))
  const whole: Chart = {
    form: "retention",
    interval,
    cohorts: begun.map(({ rates, size, start }) => ({
      label: cohortLabel(start, interval, asked.timezone),
      size,
      rates
    }))
  }
  if (asked.shown?.form === "number") {
    const chart: Chart = {
      form: "number",
      values: { kind: "percent" },
      value: firstReturn(result),
      ...(asked.shown.better === undefined ? {} : { better: asked.shown.better })
    }
    return { chart, whole }
  }
  if (begun.length <= MOST_COHORTS) return { chart: whole, whole }
  return {
    chart: { ...whole, cohorts: whole.cohorts.slice(-MOST_COHORTS) },
    whole,
    remark: `The newest ${MOST_COHORTS} of ${begun.length} cohorts are drawn.`
  }
}
