import type { CaseQuery } from "./Case.ts"

const step = (value: unknown) => (typeof value === "string" ? { event: value } : value)

const common = (query: CaseQuery) =>
  Object.fromEntries(
    ["from", "to", "timezone", "weekStart", "asOf", "filters"]
      .filter((field) => field in query)
      .map((field) => [field, query[field]])
  )

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

/** The compact notation as a body of `POST /v1/query`. */
export const wireQuery = (query: CaseQuery): object => {
  const base = { kind: query.kind, ...common(query) }
  switch (query.kind) {
    case "trends":
      return { ...base, ...trends(query) }
    case "funnel":
      return { ...base, ...funnel(query) }
    case "retention":
      return { ...base, ...retention(query) }
    default:
      throw new Error(`no translation for kind ${query.kind}`)
  }
}
