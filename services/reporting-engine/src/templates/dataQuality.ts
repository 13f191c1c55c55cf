import { Effect } from "effect"
import { commonParameters, head, type Template } from "./Template.ts"

/** Whether the data can be trusted: what arrived, what did not, and what is odd. */
export const dataQuality: Template = {
  id: "data-quality",
  title: "Data quality report",
  description:
    "Where every acknowledged event is, what was set aside and why, what breaks the schema, and how steadily events arrive.",
  parameters: commonParameters,
  make: (_, told) =>
    Effect.succeed({
      ...head(told, { title: "Data quality report", range: "last_30d" }),
      sections: [
        {
          type: "ingestion",
          show: "accounting",
          title: "What became of every event",
          description: "Of all that were ever acknowledged."
        },
        {
          type: "query",
          title: "Events each day",
          description: "Days that are not as those before them are marked.",
          query: {
            kind: "trends",
            interval: "day",
            series: [{ measure: "total", name: "Events" }],
            includeBots: true,
            anomalies: {}
          },
          chart: { form: "bar" }
        },
        {
          type: "query",
          title: "Events by name",
          query: {
            kind: "trends",
            interval: "none",
            series: [
              { measure: "total", name: "Events" },
              { measure: "unique_users", name: "People" }
            ],
            breakdown: ["$event"],
            breakdownLimit: 25,
            includeBots: true
          },
          chart: { form: "table" }
        },
        {
          type: "ingestion",
          show: "quarantine",
          title: "Set aside",
          description: "Events that could not be stored as they were, by reason."
        },
        {
          type: "ingestion",
          show: "violations",
          title: "Against the schema",
          description: "Events that were stored and do not fit the project's schema."
        }
      ]
    })
}
