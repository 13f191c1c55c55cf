import { Console, Effect, Redacted, Schema } from "effect"
import { call } from "../ApiClient.ts"
import { Report, ReportPage, TemplateList } from "../reports/Report.ts"
import { reportingAt } from "../reports/Reporting.ts"
import type { Target } from "../Target.ts"
import { funnelSteps, funnelWindowSeconds } from "./truth.ts"

const Named = Schema.Struct({ id: Schema.String, name: Schema.String })
const Insights = Schema.Struct({ insights: Schema.Array(Named) })
const Dashboards = Schema.Struct({ dashboards: Schema.Array(Named) })

const DASHBOARD = "Demo shop"

const trends = (series: ReadonlyArray<object>, more: object = {}) => ({
  kind: "trends",
  range: "last_30d",
  interval: "day",
  series,
  ...more
})

const insights = [
  {
    name: "Shoppers",
    description: "People who did anything, day by day",
    query: trends([{ measure: "unique_users" }], { compare: "previous_period" }),
    chart: { form: "line", better: "more" }
  },
  {
    name: "Revenue",
    description: "What completed orders were worth",
    query: trends([
      { event: "Order Completed", measure: "sum", property: "revenue", name: "Revenue" }
    ]),
    chart: { form: "bar", values: { kind: "currency", unit: "EUR" }, better: "more" }
  },
  {
    name: "From a look to an order",
    description: "Within 7 days",
    query: {
      kind: "funnel",
      range: "last_90d",
      windowSeconds: funnelWindowSeconds,
      steps: funnelSteps.map((event) => ({ event }))
    },
    chart: { form: "funnel" }
  },
  {
    name: "Who comes back",
    description: "Week by week since the first look",
    query: {
      kind: "retention",
      range: "last_90d",
      mode: "first_time",
      interval: "week",
      periods: 8,
      start: { event: funnelSteps[0] },
      return: { event: funnelSteps[0] }
    },
    chart: { form: "retention" }
  }
]

/** A dashboard and the reports that come with the product, for the demo's shop; once. */
export const makeReports = Effect.fn("demo.makeReports")(function* (
  target: Target,
  secretKey: Redacted.Redacted
) {
  const url = target.services["reporting-engine"]
  if (url === undefined) return
  yield* makeDashboard(target.api, Redacted.value(secretKey))
  const reporting = reportingAt(url, secretKey)
  const { templates } = yield* reporting.call("GET", "/report-templates", TemplateList)
  const { reports } = yield* reporting.call("GET", "/reports?limit=100", ReportPage)
  const made = new Set(reports.map(({ template }) => template))
  for (const { id } of templates)
    if (!made.has(id))
      yield* reporting.call("POST", "/reports", Report, { template: id })
  yield* Console.log(`A dashboard and ${templates.length} reports are at ${url}\n`)
})

const makeDashboard = Effect.fnUntraced(function* (api: string, key: string) {
  const { dashboards } = yield* call("GET", `${api}/v1/dashboards`, key, Dashboards)
  if (dashboards.some(({ name }) => name === DASHBOARD)) return
  const known = yield* call("GET", `${api}/v1/insights`, key, Insights)
  const ids = yield* Effect.forEach(insights, (insight) => {
    const found = known.insights.find(({ name }) => name === insight.name)
    return found === undefined
      ? call("POST", `${api}/v1/insights`, key, Named, insight)
      : Effect.succeed(found)
  })
  yield* call("POST", `${api}/v1/dashboards`, key, Named, {
    name: DASHBOARD,
    description: "What came of the demo's shoppers",
    tiles: ids.map(({ id }) => ({ insight: id, width: 6 }))
  })
})
