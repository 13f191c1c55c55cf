import { Effect } from "effect"
import type { Section } from "../definitions/ReportDefinition.ts"
import { dimension, events, hasPages, keyEvent } from "./found.ts"
import { commonParameters, head, type Template } from "./Template.ts"

/** How a product did: who came, what they did, how far they got. */
export const weeklyProduct: Template = {
  id: "weekly-product",
  title: "Weekly product report",
  description:
    "People, events and sessions against the week before, what is done most, the way to the key event, who stays and how they move.",
  parameters: [
    ...commonParameters,
    { name: "event", description: "The event that matters most" },
    { name: "breakdown", description: "The property that the key event is split by" }
  ],
  make: (found, told) => {
    const key = told("event") ?? keyEvent(found)
    const by = told("breakdown") ?? dimension(found)
    const others = events(found).filter((event) => event !== key)
    const first = others.find((event) => event !== "$screen")
    const sections: Array<Section> = [
      {
        type: "metrics",
        metrics: [
          { title: "People", query: people, better: "more" },
          { title: "Events", query: all, better: "more" },
          { title: "Sessions", query: sessions, better: "more" },
          ...(key === undefined
            ? []
            : [{ title: key, query: counted(key), better: "more" as const }])
        ]
      },
      {
        type: "query",
        title: "People each day",
        description: "Against the same days of the period before.",
        query: {
          kind: "trends",
          interval: "day",
          series: [{ measure: "unique_users", name: "People" }],
          compare: "previous_period"
        },
        chart: { form: "line" }
      },
      {
        type: "query",
        title: "What people do",
        query: {
          kind: "trends",
          interval: "none",
          series: [{ measure: "unique_users", name: "People" }],
          breakdown: ["$event"],
          breakdownLimit: 12
        },
        chart: { form: "bar" },
        table: true
      }
    ]
    if (key !== undefined && by !== undefined)
      sections.push({
        type: "query",
        title: `${key} by ${by}`,
        query: {
          kind: "trends",
          interval: "day",
          series: [{ event: key, measure: "total", name: key }],
          breakdown: [by],
          breakdownLimit: 6
        },
        chart: { form: "stacked" }
      })
    if (key !== undefined && first !== undefined)
      sections.push({
        type: "query",
        title: `From ${first} to ${key}`,
        description: "Within seven days.",
        query: {
          kind: "funnel",
          steps: [{ event: first }, { event: key }],
          order: "ordered",
          windowSeconds: 7 * 86_400
        }
      })
    sections.push(
      {
        type: "query",
        title: "New, returning and lost people",
        query: { kind: "lifecycle", interval: "day" }
      },
      {
        type: "query",
        title: "Who comes back",
        description: "People by the week of their first event, over eight weeks.",
        query: {
          kind: "retention",
          range: "last_56d",
          mode: "first_time",
          start: {},
          return: {},
          interval: "week",
          periods: 8
        }
      }
    )
    if (hasPages(found))
      sections.push({
        type: "query",
        title: "How people move",
        query: { kind: "paths", maxSteps: 4, minCount: 2 }
      })
    return Effect.succeed({
      ...head(told, { title: "Weekly product report", range: "last_week" }),
      sections
    })
  }
}

const people = {
  kind: "trends",
  series: [{ measure: "unique_users", name: "People" }]
}
const all = { kind: "trends", series: [{ measure: "total", name: "Events" }] }
const sessions = { kind: "trends", series: [{ measure: "sessions", name: "Sessions" }] }
const counted = (event: string) => ({
  kind: "trends",
  series: [{ event, measure: "total", name: event }]
})
