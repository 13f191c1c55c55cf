import { Effect } from "effect"
import { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import type { Section } from "../definitions/ReportDefinition.ts"
import { events, keyEvent } from "./found.ts"
import { commonParameters, head, type Template } from "./Template.ts"
import { cohortsOf, eventTitle, lifecycleStates } from "./words.ts"

const periods: Readonly<Record<string, { range: string; periods: number }>> = {
  day: { range: "last_14d", periods: 14 },
  week: { range: "last_10w", periods: 10 },
  month: { range: "last_12m", periods: 12 }
}

/** Who stays, and how often they come. */
export const retention: Template = {
  id: "retention",
  title: "Retention report",
  description:
    "The share of people who come back, by when they came first; how often they come; who is new, returning and lost.",
  parameters: [
    ...commonParameters,
    { name: "start", description: "The event with which people begin; any without it" },
    {
      name: "return",
      description: "The event that counts as coming back; any without it"
    },
    { name: "interval", description: "day, week or month; week without it" }
  ],
  make: (found, told) => {
    const interval = told("interval") ?? "week"
    const size = periods[interval]
    if (size === undefined)
      return Effect.fail(
        ReportInvalid.at("/parameters/interval", "Expected day, week or month")
      )
    const start = told("start")
    const back = told("return")
    const of = (event: string | undefined) => (event === undefined ? {} : { event })
    const first = start === undefined ? "first event" : `first ${eventTitle(start)}`
    // With one event alone, coming back is doing it.
    const key = events(found).length > 1 ? keyEvent(found) : undefined
    const table = (mode: string, returning: string | undefined) => ({
      kind: "retention",
      mode,
      start: of(start),
      return: of(returning),
      interval,
      periods: size.periods
    })
    const sections: Array<Section> = [
      {
        type: "metrics",
        metrics: [
          {
            title: `Back after one ${interval}`,
            query: table("first_time", back),
            better: "more"
          },
          {
            title: "People",
            query: {
              kind: "trends",
              series: [{ ...of(start), measure: "unique_users", name: "People" }]
            },
            better: "more"
          },
          {
            title: "Sessions",
            query: {
              kind: "trends",
              series: [{ measure: "sessions", name: "Sessions" }]
            },
            better: "more"
          }
        ]
      },
      {
        type: "query",
        title: "New people who come back",
        description: cohortsOf(interval, first),
        query: table("first_time", back)
      },
      {
        type: "query",
        title: "All people who come back",
        description: `New or not, by each ${interval} in which they were there; each column is the share that was back so many ${interval}s later.`,
        query: table("recurring", back)
      },
      {
        type: "query",
        title: `New, returning and lost people each ${interval}`,
        description: lifecycleStates(interval),
        query: { kind: "lifecycle", ...of(start), interval }
      },
      {
        type: "query",
        title: "How often people come",
        description: `People by the number of ${interval}s in which they were there.`,
        query: { kind: "stickiness", ...of(start), interval }
      }
    ]
    if (back === undefined && key !== undefined)
      sections.push({
        type: "query",
        title: `From new people to ${eventTitle(key)}`,
        description: `By the ${interval} of their ${first}; each column is the share with ${eventTitle(key)} so many ${interval}s later.`,
        query: { ...table("first_time", key), onOrAfter: false }
      })
    return Effect.succeed({
      ...head(told, { title: "Retention report", range: size.range }),
      sections
    })
  }
}
