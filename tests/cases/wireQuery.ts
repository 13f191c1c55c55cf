import type { CaseQuery } from "./Case.ts"

const step = (value: unknown) => (typeof value === "string" ? { event: value } : value)

const given = (query: CaseQuery, fields: ReadonlyArray<string>) =>
  Object.fromEntries(
    fields.filter((field) => field in query).map((field) => [field, query[field]])
  )

const common = (query: CaseQuery) =>
  given(query, ["from", "to", "timezone", "weekStart", "asOf", "filters"])

const trends = (query: CaseQuery) => {
  const given = (query["series"] as ReadonlyArray<object> | undefined) ?? [
    {
      event: query["event"],
      measure: query["measure"],
      ...("property" in query ? { property: query["property"] } : {})
    }
  ]
  const series = given.map((one, index) => ({
    ...one,
    name: String.fromCharCode(65 + index)
  }))
  const names = new Map(
    series.map((one) => [(one as { event?: string }).event, one.name])
  )
  const formula = query["formula"]
  return {
    series,
    interval: query["interval"],
    ...("breakdown" in query ? { breakdown: [query["breakdown"]] } : {}),
    ...("breakdownLimit" in query ? { breakdownLimit: query["breakdownLimit"] } : {}),
    ...(typeof formula === "string"
      ? {
          formula: formula
            .split("/")
            .map((name) => names.get(name.trim()))
            .join(" / ")
        }
      : {})
  }
}

const funnel = (query: CaseQuery) => ({
  steps: (query["steps"] as ReadonlyArray<unknown>).map(step),
  order: query["order"],
  windowSeconds: query["windowSeconds"],
  ...("exclude" in query ? { exclusions: query["exclude"] } : {}),
  ...("breakdown" in query
    ? {
        breakdown: [(query["breakdown"] as { property: string }).property],
        breakdownStep: 1
      }
    : {})
})

const retention = (query: CaseQuery) => ({
  mode: query["mode"],
  start: step(query["start"]),
  return: step(query["return"]),
  interval: query["interval"],
  periods: query["periods"],
  ...(query["rolling"] ? { onOrAfter: true } : {}),
  ...(query["windows"] === "24h" ? { windows: "24h" } : {})
})

const activity = (query: CaseQuery) => ({
  event: query["event"],
  interval: query["interval"],
  ...(query["cumulative"] ? { cumulative: true } : {})
})

const paths = (query: CaseQuery) => ({
  ...given(query, ["property", "collapseRepeats", "start", "maxSteps"]),
  ...("filterContains" in query ? { contains: query["filterContains"] } : {}),
  positions: query.kind === "paths"
})

/** The compact notation as a body of `POST /v1/query`. */
export const wireQuery = (
  query: CaseQuery
): { readonly kind: string; readonly [field: string]: unknown } => {
  const base = { kind: query.kind, ...common(query) }
  switch (query.kind) {
    case "trends":
      return { ...base, ...trends(query) }
    case "funnel":
      return { ...base, ...funnel(query) }
    case "retention":
      return { ...base, ...retention(query) }
    case "sessions":
      return { ...base, interval: "none", list: true, limit: 1000 }
    case "sessions_per_day":
      return { ...base, kind: "sessions", interval: "day" }
    case "paths":
    case "path_edges":
      return { ...base, kind: "paths", ...paths(query) }
    case "stickiness":
    case "lifecycle":
      return { ...base, ...activity(query) }
    default:
      throw new Error(`no translation for kind ${query.kind}`)
  }
}
