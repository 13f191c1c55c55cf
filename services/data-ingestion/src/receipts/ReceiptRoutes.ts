import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { KeyRing } from "../keys/KeyRing.ts"
import { projectOf } from "../keys/SecretAccess.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { MessageNotFound, Receipts } from "./Receipts.ts"

const Params = Schema.Struct({ messageId: Schema.String })

const Receipt = Schema.Struct({
  status: Schema.Literals([
    "pending",
    "stored",
    "duplicate",
    "quarantined",
    "dropped",
    "erased",
    "expired"
  ]),
  reason: Schema.optionalKey(Schema.String),
  timestamp: Schema.String,
  receivedAt: Schema.String,
  storedAt: Schema.optionalKey(Schema.String)
}).annotate({
  examples: [
    {
      status: "stored",
      timestamp: "2026-03-01T10:00:00.123Z",
      receivedAt: "2026-03-01T10:00:00.480Z",
      storedAt: "2026-03-01T10:00:01.102Z"
    }
  ]
})

/** `GET /v1/messages/{messageId}`: the receipt of one message. */
export const receiptRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Receipts | KeyRing, ER>
) =>
  new Elysia({ tags: ["accounting"] })
    .use(effectPlugin(runtime))
    .get(
      "/v1/messages/:messageId",
      ({ headers: { authorization }, params, run }) =>
        run(Receipt, receipt(authorization, params.messageId)),
      {
        params: received(Params),
        response: {
          200: sent(Receipt),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          404: sent(MessageNotFound),
          503: sent(StoreUnavailable)
        },
        detail: { summary: "What became of one message", security: [{ key: [] }] }
      }
    )

const receipt = Effect.fnUntraced(function* (
  authorization: string | undefined,
  messageId: string
) {
  const projectId = yield* projectOf(authorization)
  const receipts = yield* Receipts
  const { receivedAt, storedAt, timestamp, ...rest } = yield* receipts.of(
    projectId,
    messageId
  )
  return {
    ...rest,
    timestamp: iso(timestamp),
    receivedAt: iso(receivedAt),
    ...(storedAt === undefined ? {} : { storedAt: iso(storedAt) })
  }
})

/** Quarantined events may claim times that no calendar has. */
const iso = (ms: number): string => {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
