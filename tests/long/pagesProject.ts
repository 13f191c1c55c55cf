import type { Client, Project } from "../e2e/Client.ts"

const DAY = 86_400_000
const today = Math.floor(Date.now() / DAY) * DAY
/** In test mode: share links show what was known by the last full hour. */
const receivedAt = new Date(Date.now() - 2 * 3_600_000).toISOString()

/** Written where people may write: markup, both directions, and a word without an end. */
export const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)> متجر 🛒 ${"w".repeat(60)}`

const steps = ["Product Viewed", "Product Added", "Order Completed"]

/** Forty people every three weeks, over ninety days, and fewer at each step. */
const visits = () =>
  Array.from({ length: 90 }, (_, day) =>
    Array.from({ length: 40 }, (__, person) => person)
      .filter((person) => (person * 7 + day * 3) % 11 < 4)
      .flatMap((person) =>
        steps
          .filter((___, step) => person % (step + 1) === 0)
          .map((event, step) => ({
            type: "track",
            event,
            messageId: `${day}-${person}-${step}`,
            userId: `u${person}-${Math.floor((day + (person % 15)) / 21)}`,
            properties: { total: 10 + (person % 5), plan: person % 2 ? "free" : "pro" },
            timestamp: new Date(
              today - day * DAY + (person % 9) * 3_600_000 + step * 60_000
            ).toISOString(),
            receivedAt
          }))
      )
  ).flat()

/** Paths of the pages to be looked at, by a name for their pictures. */
export type Paths = Readonly<Record<string, string>>

/** A project with something on every page; `engine` is the address of reporting-engine. */
export const pagesProject = async (
  client: Client,
  engine: string
): Promise<{ readonly project: Project; readonly paths: Paths }> => {
  const project = await client.createProject("Läden & Söhne <b>متجر</b> 🛒")
  const events = visits().filter(({ timestamp }) => timestamp < receivedAt)
  for (let at = 0; at < events.length; at += 1000)
    await client.send(project, events.slice(at, at + 1000))
  await client.settled(project, 60_000)

  const made = async (base: string, path: string, body: object): Promise<string> => {
    const url = `${base}/v1/${path}`
    const answer = await client.call("POST", url, project.secretKey, body)
    const { id, token } = Object(answer.body)
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return token ?? id
  }
  const insight = (name: string, form: string, query: object, description = "") =>
    made(client.api, "insights", {
      name,
      description,
      query: { range: "last_30d", ...query },
      chart: { form }
    })
  const trends = { kind: "trends", interval: "day" }
  const orders = { event: "Order Completed", measure: "total" }
  const number = await insight("Orders", "number", {
    ...trends,
    compare: "previous_period",
    series: [orders]
  })
  const line = await insight("Events per day", "line", {
    ...trends,
    series: [{ measure: "total" }]
  })
  const bars = await insight("Buyers by plan", "stacked", {
    ...trends,
    series: [{ event: "Order Completed", measure: "unique_users" }],
    breakdown: ["plan"]
  })
  const funnel = await insight(
    hostile,
    "funnel",
    {
      kind: "funnel",
      windowSeconds: 604_800,
      steps: steps.map((event) => ({ event }))
    },
    hostile
  )
  const retention = await insight("Who comes back", "retention", {
    kind: "retention",
    range: "last_90d",
    interval: "week",
    mode: "first_time",
    periods: 8,
    start: { event: "Product Viewed" },
    return: { event: "Product Viewed" }
  })
  const markdown = `## What is new\n\n${hostile} **bold** [click](javascript:alert(1)) [the shop](https://example.com/)\n\n| Plan | Price |\n|:-----|------:|\n| pro  | 10    |\n| ${hostile} | 0 |\n\n- one\n- two`
  const dashboard = await made(client.api, "dashboards", {
    name: `The shop ${hostile}`,
    description: `What the shop sells. ${hostile}`,
    range: "last_30d",
    filters: [],
    tiles: [
      { insight: number, width: 4 },
      { markdown, width: 8 },
      { insight: line, width: 6 },
      { insight: bars, width: 6 },
      { insight: funnel, width: 12 },
      { insight: retention, width: 12 }
    ]
  })
  const expiresAt = new Date(Date.now() + 30 * DAY).toISOString()
  const token = await made(client.api, "share-links", {
    of: { insight: line },
    expiresAt,
    floor: 5
  })
  const report = await made(engine, "reports", { template: "weekly-product" })
  await made(engine, "reports", {
    name: hostile,
    definition: { title: hostile, sections: [{ type: "markdown", text: markdown }] }
  })
  const render = `${engine}/v1/reports/${report}/render?format=html`
  const rendered = await fetch(render, {
    method: "POST",
    headers: {
      authorization: `Bearer ${project.secretKey}`,
      "content-type": "application/json"
    },
    body: "{}"
  })
  if (!rendered.ok) throw new Error(`render: ${await rendered.text()}`)
  await rendered.arrayBuffer()
  const run = /[\w-]{36}/u.exec(rendered.headers.get("content-location") ?? "")?.[0]
  const alert = await made(engine, "alerts", {
    name: `Many events ${hostile}`,
    description: hostile,
    query: { kind: "trends", series: [{ measure: "total" }] },
    interval: "day",
    condition: { kind: "threshold", direction: "above", value: 1 }
  })
  return {
    project,
    paths: {
      overview: "/",
      dashboards: "/dashboards",
      dashboard: `/dashboards/${dashboard}`,
      dashboardLastWeek: `/dashboards/${dashboard}?range=last_7d`,
      reports: "/reports",
      report: `/reports/${report}`,
      run: `/runs/${run}`,
      alerts: "/alerts",
      alert: `/alerts/${alert}`,
      shared: `/shared/${token}`,
      sharedEnded: `/shared/sl_${"a".repeat(43)}`,
      notFound: "/reports/0",
      unknown: "/nowhere",
      login: "/login"
    }
  }
}
