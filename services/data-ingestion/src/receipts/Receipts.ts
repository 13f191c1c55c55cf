import { decodeLine } from "@analytics/data-processing/InboxEvent"
import { MAX_MESSAGE_ID } from "@analytics/data-processing/segment/SegmentEvent"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import type { StoreUnavailable } from "../StoreUnavailable.ts"
import { ReceiptRepo } from "./ReceiptRepo.ts"

/** Nothing is known of the message: never acknowledged, or its trace is gone. */
export class MessageNotFound extends HttpApiError.Problem<MessageNotFound>()(
  "MessageNotFound",
  {
    type: "urn:analytics:problem:message-not-found",
    status: 404,
    title: "No such message"
  },
  { messageId: Schema.String }
) {}

/** What became of one message. Times are milliseconds since 1970. */
export interface Receipt {
  readonly status: "pending" | "stored" | "quarantined" | "dropped"
  readonly reason?: string
  readonly timestamp: number
  readonly receivedAt: number
  readonly storedAt?: number
}

export class Receipts extends Context.Service<
  Receipts,
  {
    /**
     * The message's own fate: of one that was sent several times, that of the first. One
     * that is stored stays so, whatever arrives later under its id.
     */
    of(
      projectId: number,
      messageId: string
    ): Effect.Effect<Receipt, MessageNotFound | StoreUnavailable>
  }
>()("@analytics/data-ingestion/receipts/Receipts") {
  static readonly layer = Layer.effect(
    Receipts,
    Effect.map(ReceiptRepo, (repo) =>
      Receipts.of({
        of: Effect.fn("Receipts.of")(function* (projectId, messageId) {
          if ([...messageId].length > MAX_MESSAGE_ID || messageId.includes("\0"))
            return yield* new MessageNotFound({ messageId })
          const stored = yield* repo.stored(projectId, messageId)
          if (Option.isSome(stored)) {
            const { storedAt, ...times } = stored.value
            return storedAt === undefined
              ? { status: "pending" as const, ...times }
              : { status: "stored" as const, ...times, storedAt }
          }
          const pending = yield* repo.pending(projectId, messageId)
          if (Option.isSome(pending)) {
            const { r: receivedAt, t: timestamp } = pending.value
            return { status: "pending" as const, timestamp, receivedAt }
          }
          const kept = yield* repo.quarantined(projectId, messageId)
          if (Option.isSome(kept)) {
            const { event, reason, receivedAt } = kept.value
            const timestamp = decodeLine(event).t
            return { status: "quarantined" as const, reason, timestamp, receivedAt }
          }
          const dropped = yield* repo.dropped(projectId, messageId)
          if (Option.isSome(dropped))
            return { status: "dropped" as const, ...dropped.value }
          // It may have been stored between the first look and the second.
          const late = yield* repo.stored(projectId, messageId)
          if (Option.isNone(late)) return yield* new MessageNotFound({ messageId })
          const { receivedAt, storedAt, timestamp } = late.value
          return storedAt === undefined
            ? { status: "pending" as const, timestamp, receivedAt }
            : { status: "stored" as const, timestamp, receivedAt, storedAt }
        })
      })
    )
  )
}
