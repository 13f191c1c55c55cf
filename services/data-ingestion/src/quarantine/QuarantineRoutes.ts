import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { KeyRing } from "../keys/KeyRing.ts"
import { projectOf, secretKeyOf } from "../keys/SecretAccess.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { Quarantine, QuarantinedNotFound, StillFaulty, sentIn } from "./Quarantine.ts"

/** Ids are beyond what a double holds, so they are text here. */
const Id = Schema.String.check(Schema.isPattern(/^[0-9]{1,19}$/u))

const Page = Schema.Struct({
  cursor: Schema.optionalKey(Id),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 500 })
    )
  )
})
const From = Schema.Struct({ cursor: Schema.optionalKey(Id) })
const Params = Schema.Struct({ id: Id })

const List = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      messageId: Schema.String,
      reason: Schema.String,
      detail: Schema.String,
      sent: Schema.optionalKey(Schema.String).annotate({
        description:
          "The beginning of what is no event of its client's protocol (`malformed`), as it was sent"
      }),
      receivedAt: Schema.String
    })
  ),
  nextCursor: Schema.NullOr(Schema.String)
}).annotate({
  examples: [
    {
      events: [
        {
          id: "7530541256704512345",
          messageId: "5f0c2c1e",
          reason: "timestamp_in_future",
          detail: 'timestamp "2036-03-01T10:00:00Z"',
          receivedAt: "2026-03-01T10:00:00.480Z"
        }
      ],
      nextCursor: null
    }
  ]
})
const Replayed = Schema.Struct({
  replayed: Schema.Int,
  stillFaulty: Schema.Int,
  nextCursor: Schema.NullOr(Schema.String)
})

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(StoreUnavailable)
}
const security = [{ key: [] }]

/** Events that were accepted and cannot be stored as they are, and their replay. */
export const quarantineRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Quarantine | KeyRing, ER>
) =>
  new Elysia({ prefix: "/v1/quarantine", tags: ["quarantine"] })
    .use(effectPlugin(runtime))
    .get(
      "/",
      ({ headers: { authorization }, query, run }) =>
        run(List, list(authorization, query)),
      {
        query: received(Page),
        response: { 200: sent(List), ...refusals },
        detail: { summary: "Events kept aside, oldest first", security }
      }
    )
    .post(
      "/replay",
      ({ headers: { authorization }, query, run }) =>
        run(Replayed, replayAll(authorization, query)),
      {
        query: received(From),
        response: { 200: sent(Replayed), ...refusals },
        detail: {
          summary: "Replay up to a thousand of them; go on with `nextCursor`",
          security
        }
      }
    )
    .post(
      "/:id/replay",
      ({ headers: { authorization }, params, run }) =>
        run(Replayed, replay(authorization, params.id)),
      {
        params: received(Params),
        response: {
          200: sent(Replayed),
          404: sent(QuarantinedNotFound),
          409: sent(StillFaulty),
          ...refusals
        },
        detail: { summary: "Replay one of them", security }
      }
    )

const list = Effect.fnUntraced(function* (
  authorization: string | undefined,
  { cursor = "0", limit = 100 }: typeof Page.Type
) {
  const projectId = yield* projectOf(authorization)
  const quarantine = yield* Quarantine
  const kept = yield* quarantine.list(projectId, BigInt(cursor), limit)
  const last = kept.length === limit ? kept.at(-1) : undefined
  return {
    events: kept.map(({ detail, event, id, messageId, reason, receivedAt }) => {
      const sent = reason === "malformed" ? sentIn(event) : undefined
      return {
        id: String(id),
        messageId,
        reason,
        detail,
        ...(sent === undefined ? undefined : { sent }),
        receivedAt: receivedAt.toISOString()
      }
    }),
    nextCursor: last === undefined ? null : String(last.id)
  }
})

const replay = Effect.fnUntraced(function* (
  authorization: string | undefined,
  id: string
) {
  const key = yield* secretKeyOf(authorization)
  const quarantine = yield* Quarantine
  yield* quarantine.replay(key, BigInt(id))
  return { replayed: 1, stillFaulty: 0, nextCursor: null }
})

const replayAll = Effect.fnUntraced(function* (
  authorization: string | undefined,
  { cursor = "0" }: typeof From.Type
) {
  const key = yield* secretKeyOf(authorization)
  const quarantine = yield* Quarantine
  const { next, ...counts } = yield* quarantine.replayAll(key, BigInt(cursor))
  return { ...counts, nextCursor: next === undefined ? null : String(next) }
})
