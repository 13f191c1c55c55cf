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
          description:
            "All events that were accepted since the project began, and where they are now."
        },
        {
          type: "query",
          title: "Events each day",
          description: "Marked are days that are unlike those before them.",
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
          description: "Also those of bots.",
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
          description:
            "Events that were stored although they do not fit the project's schema."
        }
      ]
    })
}
