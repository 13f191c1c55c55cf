import type { Chart } from "../Chart.ts"
import type { LifecycleAnswer, SessionsAnswer, StickinessAnswer } from "./Answers.ts"
import type { Asked } from "./Asked.ts"
import { type Drawn, overCategories, overTime } from "./seriesChart.ts"
import { groupName } from "./valueText.ts"

const integer = { kind: "integer" } as const

export const drawStickiness = (asked: Asked, { counts }: StickinessAnswer): Drawn => {
  const unit = String(asked.request["interval"] ?? "bucket")
  // Beyond the most that anybody came there is nobody.
  const most = counts.findLastIndex(({ people }) => (people ?? 0) > 0)
  const shown = counts.slice(0, Math.max(1, most + 1))
  return overCategories(
    shown.map(({ buckets }) => `${buckets} ${unit}${buckets === 1 ? "" : "s"}`),
    [{ name: "People", data: shown.map(({ people }) => people) }],
    asked.shown?.values ?? integer,
    `${unit.slice(0, 1).toUpperCase()}${unit.slice(1)}s`
  )
}

export const drawLifecycle = (asked: Asked, result: LifecycleAnswer): Drawn =>
  overTime(
    asked,
    {
      buckets: result.buckets,
      labels: result.labels,
      series: [
        { name: "New", data: result.new },
        { name: "Returning", data: result.returning },
        { name: "Resurrecting", data: result.resurrecting },
        { name: "Dormant", data: result.dormant }
      ]
    },
    asked.shown?.values ?? integer,
    "stacked"
  )

/** Over time when buckets were asked for, by group when groups were, else how many. */
export const drawSessions = (asked: Asked, result: SessionsAnswer): Drawn => {
  const values = asked.shown?.values ?? integer
  const named = result.series.map((line) => ({
    name: groupName(line) ?? "Sessions",
    data: line.data
  }))
  // A share link shows how many there were in all, and not when.
  const isHidden =
    result.count !== null &&
    named.every(({ data }) => data.every((value) => value === null))
  if (result.buckets.length > 1 && asked.shown?.form !== "number" && !isHidden)
    return overTime(asked, { ...result, series: named }, values, "line")
  if (named.length > 1)
    return overCategories(
      named.map(({ name }) => name),
      [{ name: "Sessions", data: named.map(({ data }) => data[0] ?? null) }],
      values
    )
  const chart: Chart = {
    form: "number",
    values,
    value: result.count,
    ...(asked.shown?.better === undefined ? {} : { better: asked.shown.better }),
    ...(result.buckets.length > 1 && named[0] && named.length === 1 && !isHidden
      ? { sparkline: named[0].data }
      : {})
  }
  return { chart, whole: chart }
}
