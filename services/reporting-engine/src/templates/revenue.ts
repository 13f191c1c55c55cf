import { Effect } from "effect"
import { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import type { Definition, Section } from "../definitions/ReportDefinition.ts"
import { dimension, keyEvent, moneyProperties } from "./found.ts"
import { commonParameters, head, type Template } from "./Template.ts"

/** What came in: sums of a property of events. */
export const revenue: Template = {
  id: "revenue",
  title: "Revenue report",
  description:
    "The sum of a number of an event against the period before, its size, who pays and by what it splits.",
  parameters: [
    ...commonParameters,
    { name: "event", description: "The event that brings money" },
    { name: "property", description: "Its number, such as total" },
    {
      name: "currency",
      description: "ISO 4217, such as EUR; without it a plain number"
    },
    { name: "breakdown", description: "The property that it is split by" }
  ],
  make: (found, told) => {
    const property = told("property") ?? moneyProperties(found)[0]
    const event =
      told("event") ?? (property === undefined ? keyEvent(found) : undefined)
    const currency = told("currency")
    if (currency !== undefined && !/^[A-Z]{3}$/u.test(currency))
      return Effect.fail(
        ReportInvalid.at(
          "/parameters/currency",
          "Expected an ISO 4217 code such as EUR"
        )
      )
    const top = head(told, { title: "Revenue report", range: "last_30d" })
    if (property === undefined)
      return Effect.succeed({ ...top, sections: withoutMoney(event) })
    const by = told("breakdown") ?? dimension(found)
    return Effect.succeed({
      ...top,
      sections: withMoney({ by, currency, event, property })
    })
  }
}

const withMoney = ({
  by,
  currency,
  event,
  property
}: {
  readonly by: string | undefined
  readonly currency: string | undefined
  readonly event: string | undefined
  readonly property: string
}): Definition["sections"] => {
  const values =
    currency === undefined
      ? ({ kind: "number" } as const)
      : ({ kind: "currency", unit: currency } as const)
  const of = { ...(event === undefined ? {} : { event }), property }
  const having = { filters: [{ property, op: "is_set" }] }
  const sum = { ...of, measure: "sum", name: "Revenue" }
  const sections: Array<Section> = [
    {
      type: "metrics",
      metrics: [
        {
          title: "Revenue",
          query: { kind: "trends", series: [sum] },
          values,
          better: "more"
        },
        {
          title: "Payments",
          query: {
            kind: "trends",
            series: [
              {
                ...(event === undefined ? {} : { event }),
                ...having,
                measure: "total",
                name: "Payments"
              }
            ]
          },
          better: "more"
        },
        {
          title: "Paying people",
          query: {
            kind: "trends",
            series: [
              {
                ...(event === undefined ? {} : { event }),
                ...having,
                measure: "unique_users",
                name: "People"
              }
            ]
          },
          better: "more"
        },
        {
          title: "Mean payment",
          query: {
            kind: "trends",
            series: [{ ...of, measure: "avg", name: "Mean payment" }]
          },
          values,
          better: "more"
        }
      ]
    },
    {
      type: "query",
      title: "Revenue each day",
      description: `The sum of ${property}${event === undefined ? "" : ` of ${event}`}, against the period before.`,
      query: {
        kind: "trends",
        interval: "day",
        series: [sum],
        compare: "previous_period"
      },
      chart: { form: "line", values, better: "more" }
    },
    {
      type: "query",
      title: "Size of payments",
      query: {
        kind: "trends",
        interval: "day",
        series: [
          { ...of, measure: "median", name: "Median" },
          { ...of, measure: "p90", name: "90th percentile" }
        ]
      },
      chart: { form: "line", values }
    }
  ]
  if (by !== undefined)
    sections.push({
      type: "query",
      title: `Revenue by ${by}`,
      query: {
        kind: "trends",
        interval: "none",
        series: [sum],
        breakdown: [by],
        breakdownLimit: 12
      },
      chart: { form: "bar", values },
      table: true
    })
  sections.push({
    type: "query",
    title: "Revenue by event",
    query: {
      kind: "trends",
      interval: "none",
      series: [{ property, measure: "sum", name: "Revenue" }],
      breakdown: ["$event"],
      breakdownLimit: 10
    },
    chart: { form: "table", values }
  })
  return sections
}

/** Nothing looks like money: it says so, and what can be counted instead. */
const withoutMoney = (event: string | undefined): Definition["sections"] => [
  {
    type: "markdown",
    text: 'No number of an event looks like money. Make the report again with `property` (and `event`), as in `{"template": "revenue", "parameters": {"event": "Order Completed", "property": "total"}}`. Until then it counts events.'
  },
  {
    type: "query",
    title: event === undefined ? "Events each day" : `${event} each day`,
    query: {
      kind: "trends",
      interval: "day",
      series: [{ ...(event === undefined ? {} : { event }), measure: "total" }],
      compare: "previous_period"
    },
    chart: { form: "line" }
  }
]
