import type { Metric } from "@analytics/reports/Chart"
import type { Block } from "@analytics/reports/ReportDocument"
import type { Quality } from "../analytics/AnalyticsViews.ts"
import type { Section } from "../definitions/ReportDefinition.ts"

type Wanted = Extract<Section, { readonly type: "ingestion" }>

/** Rows that a reader goes through. */
const MOST_ROWS = 100

const count = (value: number, better?: "more" | "less"): Metric => ({
  form: "number",
  values: { kind: "integer" },
  value,
  ...(better === undefined ? {} : { better })
})

const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : part / whole

/** What became of every event that was ever acknowledged, and what is wrong with some. */
export const ingestionSection = (
  { description, show, title }: Wanted,
  { accounting, quarantine, violations }: Quality
): ReadonlyArray<Block> => {
  // Accounting has no past: a report as of an earlier moment must not look as if it had.
  const counted = "As counted when the report was made."
  const head = {
    title,
    description: description === undefined ? counted : `${description} ${counted}`
  }
  if (show === "quarantine")
    return [
      {
        type: "table",
        ...head,
        table: {
          columns: [
            { name: "Reason", kind: "text" },
            { name: "Events", kind: "integer" },
            { name: "Last received", kind: "datetime" }
          ],
          rows: quarantine
            .slice(0, MOST_ROWS)
            .map(({ events, lastReceivedAt, reason }) => [
              reason,
              events,
              lastReceivedAt
            ]),
          totalRows: quarantine.length,
          empty: "No event had to be set aside: all that were accepted could be stored."
        }
      }
    ]
  if (show === "violations")
    return [
      {
        type: "table",
        ...head,
        table: {
          columns: [
            { name: "Event", kind: "text" },
            { name: "Property", kind: "text" },
            { name: "Problem", kind: "text" },
            { name: "Events", kind: "integer" },
            { name: "Last seen", kind: "datetime" }
          ],
          rows: violations
            .slice(0, MOST_ROWS)
            .map(({ event, events, lastSeenAt, problem, property }) => [
              event,
              property,
              problem,
              events,
              lastSeenAt
            ]),
          totalRows: violations.length,
          empty: "Nothing breaks the schema, or the project has none."
        }
      }
    ]
  const { accepted, duplicate, erased, expired, pending, quarantined, stored } =
    accounting
  const dropped = Object.entries(accounting.dropped)
  const row = (name: string, events: number) => [name, events, share(events, accepted)]
  return [
    {
      type: "metrics",
      metrics: [
        { title: "Events accepted", metric: count(accepted) },
        { title: "Stored", metric: count(stored) },
        { title: "Set aside", metric: count(quarantined, "less") },
        { title: "Not stored yet", metric: count(pending, "less") }
      ]
    },
    {
      type: "table",
      ...head,
      table: {
        columns: [
          { name: "What became of them", kind: "text" },
          { name: "Events", kind: "integer" },
          { name: "Share", kind: "percent" }
        ],
        rows: [
          row("Stored", stored),
          row("Sent twice", duplicate),
          row("Set aside", quarantined),
          ...dropped.map(([reason, events]) => row(`Dropped: ${reason}`, events)),
          row("Erased", erased),
          row("Expired", expired),
          row("Not stored yet", pending)
        ]
      }
    }
  ]
}
