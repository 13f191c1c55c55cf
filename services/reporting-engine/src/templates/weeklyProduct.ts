import { Effect } from "effect"
import type { Section } from "../definitions/ReportDefinition.ts"
import { before, events, hasPages, keyEvent } from "./found.ts"
import { commonParameters, head, type Template } from "./Template.ts"
import {
  cohortsOf,
  countTitle,
  eventTitle,
  lifecycleStates,
  propertyTitle
} from "./words.ts"

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
  make: Effect.fnUntraced(function* (found, told, looks) {
    const key = told("event") ?? keyEvent(found)
    const by =
      told("breakdown") ?? (key === undefined ? undefined : yield* looks.splitBy(key))
    const first = key === undefined ? undefined : before(found, key)
    // With one event alone, all events are that one.
    const several = events(found).length > 1
    const sections: Array<Section> = [
      {
        type: "metrics",
        metrics: [
          { title: "People", query: people, better: "more" },
          { title: "Sessions", query: sessions, better: "more" },
          ...(several || key === undefined
            ? [{ title: "Events", query: all, better: "more" as const }]
            : []),
          ...(key === undefined
            ? []
            : [
                { title: countTitle(key), query: counted(key), better: "more" as const }
              ])
        ]
      },
      {
        type: "query",
        title: "People each day",
        description: "The dashed line is the period before.",
        query: {
          kind: "trends",
          interval: "day",
          series: [{ measure: "unique_users", name: "People" }],
          compare: "previous_period"
        },
        chart: { form: "line" }
      }
    ]
    if (several)
      sections.push({
        type: "query",
        title: "What people do",
        description: "People who did each at least once.",
        query: {
          kind: "trends",
          interval: "none",
          series: [{ measure: "unique_users", name: "People" }],
          breakdown: ["$event"],
          breakdownLimit: 12
        },
        chart: { form: "bar" }
      })
    if (key !== undefined && by !== undefined)
      sections.push({
        type: "query",
        title: `${countTitle(key)} by ${propertyTitle(by)}`,
        query: {
          kind: "trends",
          interval: "day",
          series: [{ event: key, measure: "total", name: countTitle(key) }],
          breakdown: [by],
          breakdownLimit: 6
        },
        chart: { form: "stacked" }
      })
    if (key !== undefined && first !== undefined)
      sections.push({
        type: "query",
        title: `From ${eventTitle(first)} to ${eventTitle(key)}`,
        description:
          "People who did the first, and those of them who did the second within seven days.",
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
        description: lifecycleStates("day"),
        query: { kind: "lifecycle", interval: "day" }
      },
      {
        type: "query",
        title: "Who comes back",
        description: `New people of the last eight whole weeks. ${cohortsOf("week", "first event")}`,
        query: {
          kind: "retention",
          range: "last_8w",
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
        description:
          "The most frequent ways from page to page, from the first page on.",
        query: { kind: "paths", maxSteps: 4, minCount: 2 }
      })
    return {
      ...head(told, { title: "Weekly product report", range: "last_week" }),
      sections
    }
  })
}

const people = {
  kind: "trends",
  series: [{ measure: "unique_users", name: "People" }]
}
const all = { kind: "trends", series: [{ measure: "total", name: "Events" }] }
const sessions = { kind: "trends", series: [{ measure: "sessions", name: "Sessions" }] }
const counted = (event: string) => ({
  kind: "trends",
  series: [{ event, measure: "total", name: countTitle(event) }]
})
