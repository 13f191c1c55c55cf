import { Auth } from "@analytics/api-common/access/Auth"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import {
  changing,
  ProjectQuery,
  projectQuery,
  reading
} from "../access/ProjectQuery.ts"
import { refusals, security } from "../access/refusals.ts"
import { Deliveries } from "./Deliveries.ts"
import {
  DeliveryAnswer,
  DeliveryId,
  DeliveryNotFound,
  DeliveryState,
  DeliveryUnderWay
} from "./Delivery.ts"

const Params = Schema.Struct({ deliveryId: DeliveryId })
const ShortText = Schema.String.check(
  Schema.isMaxLength(300),
  Schema.makeFilter((text: string) =>
    text.includes("\0") ? "Expected no NUL" : undefined
  )
)
const Paged = Schema.Struct({
  ...projectQuery,
  state: Schema.optionalKey(DeliveryState),
  topic: Schema.optionalKey(ShortText),
  about: Schema.optionalKey(ShortText),
  destination: Schema.optionalKey(Schema.String.check(Schema.isUUID())),
  cursor: Schema.optionalKey(DeliveryId).annotate({
    description: "nextCursor of the page before"
  }),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 1000 })
    )
  )
})
const List = Schema.Struct({
  deliveries: Schema.Array(DeliveryAnswer),
  nextCursor: Schema.NullOr(Schema.String)
})

/** `/v1/deliveries`: the ledger. */
export const deliveriesRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Deliveries, ER>
) =>
  new Elysia({ prefix: "/v1/deliveries", tags: ["delivery"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          List,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const { cursor: before, limit = 100, projectId, ...filter } = query
            const access = yield* auth.ofProject(key, reading, projectId)
            const deliveries = yield* Deliveries
            return yield* deliveries.page(access.projectId, filter, { before, limit })
          })
        ),
      {
        query: received(Paged),
        response: { 200: sent(List), ...refusals },
        detail: {
          summary: "List what was sent to whom, newest first",
          description:
            "One for each recipient, with its attempts (the last 50): what was answered, and when the next one is made.",
          security
        }
      }
    )
    .get(
      "/:deliveryId",
      ({ headers, params, query, run }) =>
        run(
          DeliveryAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, reading, query.projectId)
            return yield* (yield* Deliveries).get(access.projectId, params.deliveryId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          200: sent(DeliveryAnswer),
          404: sent(DeliveryNotFound),
          ...refusals
        },
        detail: { summary: "Read one", security }
      }
    )
    .post(
      "/:deliveryId/resend",
      ({ headers, params, query, run }) =>
        run(
          DeliveryAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            const deliveries = yield* Deliveries
            return yield* deliveries.resend(access.projectId, params.deliveryId)
          }),
          202
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          202: sent(DeliveryAnswer),
          404: sent(DeliveryNotFound),
          409: sent(DeliveryUnderWay),
          ...refusals
        },
        detail: {
          summary: "Send it again",
          description:
            "One that was refused, is uncertain, or arrived. An e-mail that is uncertain keeps its Message-ID and a webhook its `webhook-id`, so that who has it already may know.",
          security
        }
      }
    )
