import { parser } from "@prometheus-io/lezer-promql"

/** What stands where a query is shown, in place of what Grafana puts there. */
const filled = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "5m").replaceAll("$job", ".*")

/** The metrics that a PromQL expression names. Throws when it is none. */
export const metricsOf = (expr: string): ReadonlyArray<string> => {
  const text = filled(expr)
  const names: Array<string> = []
  parser.parse(text).iterate({
    enter: ({ from, name, to, type }) => {
      if (type.isError)
        throw new Error(
          `not PromQL at ${from}: ${text.slice(0, from)}⟨here⟩${text.slice(from)}`
        )
      if (name === "VectorSelector") {
        const [metric] = /^[a-zA-Z_:][\w:]*/u.exec(text.slice(from, to)) ?? []
        if (metric !== undefined) names.push(metric)
      }
    }
  })
  return names
}

/** The labels by which it sums up. */
export const groupedBy = (expr: string): ReadonlyArray<string> => {
  const text = filled(expr)
  const names: Array<string> = []
  parser.parse(text).iterate({
    enter: ({ from, node, to, type }) => {
      if (type.name === "LabelName" && node.parent?.type.name === "GroupingLabels")
        names.push(text.slice(from, to))
    }
  })
  return names
}
