import type { Metric } from "../Chart.ts"
import { between } from "../format/between.ts"
import { metricChange } from "../format/metricChange.ts"
import { numberText } from "../format/numberText.ts"
import { escapeHtml } from "./escapeHtml.ts"

const round = (value: number) => Math.round(value * 100) / 100

/** The course of a number as a line 100 by 30, with a dot at its end; "" of too few values. */
export const sparkline = (data: ReadonlyArray<number | null>): string => {
  const known = data.filter((value) => value !== null && Number.isFinite(value))
  if (known.length < 2) return ""
  const low = known.reduce((a, b) => Math.min(a ?? 0, b ?? 0), known[0] ?? 0) ?? 0
  const high = known.reduce((a, b) => Math.max(a ?? 0, b ?? 0), known[0] ?? 0) ?? 0
  const point = (value: number, at: number) => ({
    x: round((at / (data.length - 1)) * 100),
    y: round(28 - between(value, low, high) * 26)
  })
  let path = ""
  let pen = "M"
  let last = { x: 0, y: 0 }
  for (const [at, value] of data.entries()) {
    if (value === null || !Number.isFinite(value)) {
      pen = "M"
      continue
    }
    last = point(value, at)
    path += `${pen}${last.x} ${last.y}`
    pen = "L"
  }
  const stroke = 'vector-effect="non-scaling-stroke" stroke-linecap="round"'
  return `<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path d="${path}" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" ${stroke}/><path d="M${last.x} ${last.y}h.001" stroke="currentColor" stroke-width="7" ${stroke}/></svg>`
}

const words = { up: "▲", down: "▼", same: "" } as const

/** A number, what it was before in words and colour, and its course. */
export const metricHtml = (
  title: string,
  metric: Metric,
  level: number,
  locale: string
): string => {
  const { value, values, sparkline: course } = metric
  const change = metricChange(metric, locale)
  const tone = change?.good === true ? "good" : change?.good === false ? "bad" : ""
  const compared =
    change === null
      ? ""
      : `\n<p class="change"><b class="${tone}">${words[change.direction]} ${escapeHtml(change.text)}</b> from ${escapeHtml(change.before)}, <bdi>${escapeHtml(change.label)}</bdi></p>`
  return `<h${level} class="metric-title" dir="auto">${escapeHtml(title, 500)}</h${level}>
<p class="value">${escapeHtml(numberText(value, values.kind, values.unit, locale))}</p>${compared}${course === undefined ? "" : sparkline(course)}`
}
