import type { PathsResult } from "@analytics/analytics-core/query/paths/Paths"
import type { Drawn } from "./seriesChart.ts"
import { valueText } from "./valueText.ts"

/** Transitions that a drawing can hold. */
const MOST_EDGES = 40

export const drawPaths = ({ edges, truncated }: PathsResult): Drawn => {
  const all = edges.map(({ count, from, position, to }) => ({
    from: valueText(from),
    to: valueText(to),
    position: position ?? 1,
    count
  }))
  const whole = { form: "paths", edges: all } as const
  return all.length <= MOST_EDGES
    ? { chart: whole, whole }
    : {
        chart: { form: "paths", edges: all.slice(0, MOST_EDGES) },
        whole,
        remark: `The ${MOST_EDGES} most frequent of ${truncated ? "more than " : ""}${all.length} transitions are drawn.`
      }
}
