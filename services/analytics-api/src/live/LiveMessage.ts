import type { EventAnswer } from "@analytics/analytics-core/query/events/EventAnswer"
import { encoder } from "effect/encoding/Sse"

/** What happened at a look into the store. Instants in epoch milliseconds. */
export type LiveMessage =
  | { readonly _tag: "event"; readonly event: EventAnswer }
  | { readonly _tag: "dropped"; readonly events: number }
  | {
      readonly _tag: "count"
      /** Everything known up to here was shown, dropped or did not match. */
      readonly watermark: number
      /** Matching events that became known in the last minute. */
      readonly eventsLastMinute: number
      /** People of matching events that happened in the last five minutes. */
      readonly peopleLastFiveMinutes: number
    }

/** As one server-sent event. The id, of `count` only, is where a reader may resume. */
export const encode = (message: LiveMessage): string => {
  switch (message._tag) {
    case "event":
      return write("event", message.event)
    case "dropped":
      return write("dropped", {
        events: message.events,
        reason:
          "more events than this connection took; narrow the filters, or ask POST /v1/query with kind events"
      })
    case "count":
      return write(
        "count",
        {
          asOf: new Date(message.watermark).toISOString(),
          eventsLastMinute: message.eventsLastMinute,
          peopleLastFiveMinutes: message.peopleLastFiveMinutes
        },
        String(message.watermark)
      )
  }
}

const write = (event: string, data: unknown, id?: string): string =>
  encoder.write({ _tag: "Event", event, id, data: JSON.stringify(data) })

/** Proxies close a connection on which nothing moves. */
export const keepAlive = ": keep-alive\n\n"
