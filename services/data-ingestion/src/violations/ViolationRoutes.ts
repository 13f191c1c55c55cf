import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { KeyRing } from "../keys/KeyRing.ts"
import { projectOf } from "../keys/SecretAccess.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { ViolationRepo } from "./ViolationRepo.ts"

const List = Schema.Struct({
  violations: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      property: Schema.String,
      problem: Schema.String,
      events: Schema.Int,
      lastMessageId: Schema.String,
      firstSeenAt: Schema.String,
      lastSeenAt: Schema.String
    })
  )
}).annotate({
  examples: [
    {
      violations: [
        {
          event: "Order Completed",
          property: "revenue",
          problem: "expected number, got string",
          events: 17,
          lastMessageId: "5f0c2c1e",
          firstSeenAt: "2026-03-01T10:00:00.480Z",
          lastSeenAt: "2026-03-02T08:12:44.020Z"
        }
      ]
    }
  ]
})

/** `GET /v1/schema-violations`: events that do not fit the project's schema, counted. */
export const violationRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ViolationRepo | KeyRing, ER>
) =>
  new Elysia({ tags: ["quarantine"] })
    .use(effectPlugin(runtime))
    .get(
      "/v1/schema-violations",
      ({ headers: { authorization }, run }) => run(List, list(authorization)),
      {
        response: {
          200: sent(List),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "Events that do not fit the project's schema, by what is wrong",
          security: [{ key: [] }]
        }
      }
    )

const list = Effect.fnUntraced(function* (authorization: string | undefined) {
  const projectId = yield* projectOf(authorization)
  const counted = yield* (yield* ViolationRepo).of(projectId)
  return {
    violations: counted.map(({ firstSeenAt, lastMessage, lastSeenAt, ...rest }) => ({
      event: rest.event,
      property: rest.property,
      problem: rest.problem,
      events: rest.events,
      lastMessageId: lastMessage,
      firstSeenAt: firstSeenAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString()
    }))
  }
})
