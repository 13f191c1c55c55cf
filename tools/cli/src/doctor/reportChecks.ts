import { Effect, type Redacted, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { DeliveryPage } from "../reports/Report.ts"
import { reportingAt } from "../reports/Reporting.ts"
import { type Finding, failure, ok, warning } from "./Finding.ts"

type Check = Effect.Effect<Finding, never, HttpClient.HttpClient>

/** Whether messages wait for a person: it is unknown whether they arrived. */
export const checkDeliveries = (url: string, key: Redacted.Redacted): Check =>
  reportingAt(url, key)
    .call("GET", "/deliveries?state=uncertain&limit=100", DeliveryPage)
    .pipe(
      Effect.map(({ deliveries }) =>
        deliveries.length === 0
          ? ok("deliveries", "none is uncertain")
          : warning(
              "deliveries",
              `${deliveries.length} may have arrived, or not: ${deliveries[0]?.title} to ${deliveries[0]?.recipient}`,
              "ask who should have it, then report resend (docs/delivery.md)"
            )
      ),
      Effect.catch((error) =>
        Effect.succeed(
          failure(
            "deliveries",
            error.message,
            "see reporting-engine, and whether the key has the scope reports"
          )
        )
      )
    )

const AlertPage = Schema.Struct({
  alerts: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      state: Schema.String,
      problem: Schema.NullOr(Schema.Struct({ detail: Schema.String }))
    })
  )
})

/** Whether every alert can say what it is to say; those that fire are news, no fault. */
export const checkAlerts = (url: string, key: Redacted.Redacted): Check =>
  reportingAt(url, key)
    .call("GET", "/alerts?limit=100", AlertPage)
    .pipe(
      Effect.map(({ alerts }) => {
        const failing = alerts.filter(({ problem }) => problem !== null)
        const firing = alerts.filter(({ state }) => state === "firing").length
        const [first] = failing
        return first === undefined
          ? ok("alerts", `${alerts.length} watch, ${firing} of them fire`)
          : warning(
              "alerts",
              `${failing.length} of ${alerts.length} cannot be evaluated; ${first.name}: ${first.problem?.detail}`,
              "mend its query or insight, or what it asks (docs/alerts.md)"
            )
      }),
      Effect.catch((error) =>
        Effect.succeed(
          failure(
            "alerts",
            error.message,
            "see reporting-engine, and whether the key has the scope reports"
          )
        )
      )
    )
