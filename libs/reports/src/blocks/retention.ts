import { timeZone, wallClockLabel } from "@analytics/analytics-core/query/TimeZone"
import type { Chart } from "../Chart.ts"
import type { RetentionAnswer } from "./Answers.ts"
import type { Asked } from "./Asked.ts"
import { closedRates } from "./closedRates.ts"
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
const firstReturn = (
  cohorts: RetentionAnswer["cohorts"],
  rates: ReadonlyArray<ReadonlyArray<number | null>>
): number | null => {
  const old = cohorts.filter((_, index) => typeof rates[index]?.[1] === "number")
  const people = old.reduce((sum, { size }) => sum + (size ?? 0), 0)
  const back = old.reduce((sum, { counts }) => sum + (counts[1] ?? 0), 0)
  return people === 0 ? null : back / people
}

export const drawRetention = (asked: Asked, result: RetentionAnswer): Drawn => {
  const interval = String(asked.request["interval"])
  const asOf = Date.parse(asked.answer.asOf)
  const known = result.cohorts.filter(({ start }) => Date.parse(start) < asOf)
  // Cohorts before the first people say nothing but that nobody was there yet.
  const begun = known.slice(
    Math.max(
      0,
      known.findIndex(({ size }) => (size ?? 0) > 0)
    )
  )
  const rates = closedRates(begun, {
    interval,
    timezone: asked.timezone,
    own: asked.request["windows"] === "24h",
    asOf
  })
  const whole: Chart = {
    form: "retention",
    interval,
    cohorts: begun.map(({ size, start }, index) => ({
      label: cohortLabel(start, interval, asked.timezone),
      size,
      rates: rates[index] ?? []
    }))
  }
  if (asked.shown?.form === "number") {
    const chart: Chart = {
      form: "number",
      values: { kind: "percent" },
      value: firstReturn(begun, rates),
      ...(asked.shown.better === undefined ? {} : { better: asked.shown.better })
    }
    return { chart, whole }
  }
  const open = begun.some((cohort, index) =>
    cohort.rates.some(
      (rate, period) => rate !== null && rates[index]?.[period] === null
    )
  )
  const remarks = [
    ...(open ? [`A ${interval} that has not ended is left blank.`] : []),
    ...(begun.length > MOST_COHORTS
      ? [`The newest ${MOST_COHORTS} of ${begun.length} cohorts are drawn.`]
      : [])
  ]
  return {
    chart:
      begun.length > MOST_COHORTS
        ? { ...whole, cohorts: whole.cohorts.slice(-MOST_COHORTS) }
        : whole,
    whole,
    ...(remarks.length === 0 ? {} : { remark: remarks.join(" ") })
  }
}
