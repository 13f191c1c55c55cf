import { Effect } from "effect"
import { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import type { Definition, Section } from "../definitions/ReportDefinition.ts"
import { conversion, keyEvent, moneyProperties } from "./found.ts"
import { commonParameters, head, type Template } from "./Template.ts"
import { countTitle, eventTitle, propertyTitle } from "./words.ts"

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
  make: Effect.fnUntraced(function* (found, told, looks) {
    const currency = told("currency")
    if (currency !== undefined && !/^[A-Z]{3}$/u.test(currency))
      return yield* ReportInvalid.at(
        "/parameters/currency",
        "Expected an ISO 4217 code such as EUR"
      )
    const top = head(told, { title: "Revenue report", range: "last_4w" })
    const property = told("property") ?? moneyProperties(found)[0]
    if (property === undefined)
      return { ...top, sections: withoutMoney(told("event") ?? keyEvent(found)) }
    const having = yield* looks.eventsWith(property)
    const event = told("event") ?? conversion(having)
    const by = told("breakdown") ?? (yield* looks.splitBy(event))
    const several = event === undefined && having.length > 1
    return {
      ...top,
      sections: withMoney({ by, currency, event, property, several })
    }
  })
}

const withMoney = ({
  by,
  currency,
  event,
  property,
  several
}: {
  readonly by: string | undefined
  readonly currency: string | undefined
  readonly event: string | undefined
  readonly property: string
  /** Whether several events bring it. */
  readonly several: boolean
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
      description: `The sum of ${propertyTitle(property)} of ${event === undefined ? "all events" : eventTitle(event)}; the dashed line is the period before.`,
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
      description:
        "Half of the payments of a day are smaller than its median, nine of ten smaller than its 90th percentile.",
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
      title: `Revenue by ${propertyTitle(by)}`,
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
  if (several)
    sections.push({
      type: "query",
      title: "Revenue by event",
      query: {
        kind: "trends",
        interval: "none",
        series: [sum],
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
    text: 'None of the numbers that events of this project have looks like money by its name, so this report counts events. To have it sum up money, make it again and say which number of which event that is, as in `{"template": "revenue", "parameters": {"event": "Order Completed", "property": "total"}}`.'
  },
  {
    type: "query",
    title: `${event === undefined ? "Events" : countTitle(event)} each day`,
    description: "The dashed line is the period before.",
    query: {
      kind: "trends",
      interval: "day",
      series: [
        {
          ...(event === undefined ? {} : { event }),
          measure: "total",
          name: event === undefined ? "Events" : countTitle(event)
        }
      ],
      compare: "previous_period"
    },
    chart: { form: "line" }
  }
]
