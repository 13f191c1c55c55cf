import { ReportConfig } from "@analytics/config/ReportConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { explained } from "../analytics/explained.ts"
import type { SubscriptionRow } from "./SubscriptionRow.ts"

/** batch-processor does not have it as it should; `isRefused`: nor will it. */
export class ScheduleNotKept extends Schema.TaggedError<ScheduleNotKept>()(
  "ScheduleNotKept",
  { detail: Schema.String, isRefused: Schema.Boolean }
) {}

/** Who pauses it there stops it, and nobody who looks here would know. */
const PAUSED =
  "batch-processor has it paused: nothing is sent until `POST /v1/schedules/{id}/resume` there, with the id of the subscription."
const pausedIn = Schema.decodeOption(
  Schema.fromJsonString(Schema.Struct({ pausedAt: Schema.NullOr(Schema.String) }))
)

/** Shorter than the time for which a subscription is in one process's hands. */
const LONGEST = "15 seconds"

/** Schedules of batch-processor, each with the id of its subscription. */
export class BatchSchedules extends Context.Service<
  BatchSchedules,
  {
    /** As often as one likes. */
    put(subscription: SubscriptionRow): Effect.Effect<void, ScheduleNotKept>
    remove(projectId: number, id: string): Effect.Effect<void, ScheduleNotKept>
  }
>()("@analytics/reporting-engine/subscriptions/BatchSchedules") {
  static readonly layer = Layer.effect(
    BatchSchedules,
    Effect.gen(function* () {
      const { batchProcessorUrl } = yield* ReportConfig
      const { serviceKey } = yield* ServicesConfig
      const http = yield* HttpClient.HttpClient

      const asked = Effect.fnUntraced(function* (
        request: HttpClientRequest.HttpClientRequest
      ) {
        const { status, text } = yield* request.pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          http.execute,
          Effect.flatMap((response) =>
            Effect.map(response.text, (read) => ({
              status: response.status,
              text: read
            }))
          ),
          Effect.timeout(LONGEST),
          Effect.mapError(
            (error) =>
              new ScheduleNotKept({
                detail: `batch-processor does not answer (${error._tag}).`,
                isRefused: false
              })
          )
        )
        if (status < 300) return text
        const isRefused =
          status >= 400 && status < 500 && ![401, 408, 429].includes(status)
        return yield* new ScheduleNotKept({
          detail: isRefused
            ? `batch-processor refuses it: ${yield* explained(text)}`
            : `batch-processor answers ${status}.`,
          isRefused
        })
      })
      const at = (projectId: number, id: string) =>
        `${batchProcessorUrl}/internal/v1/schedules/${id}?projectId=${projectId}`

      return BatchSchedules.of({
        put: Effect.fn("BatchSchedules.put")((subscription) => {
          const { cron, id, missed, name, projectId, timezone } = subscription
          const body = {
            name,
            type: "report",
            payload: { subscription: id },
            cron,
            timezone,
            missed
          }
          return asked(
            HttpClientRequest.bodyText(
              HttpClientRequest.put(at(projectId, id)),
              JSON.stringify(body),
              "application/json"
            )
          ).pipe(
            Effect.flatMap((text) =>
              Option.exists(pausedIn(text), ({ pausedAt }) => pausedAt !== null)
                ? Effect.fail(new ScheduleNotKept({ detail: PAUSED, isRefused: true }))
                : Effect.void
            )
          )
        }),
        remove: Effect.fn("BatchSchedules.remove")((projectId, id) =>
          Effect.asVoid(asked(HttpClientRequest.delete(at(projectId, id))))
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
