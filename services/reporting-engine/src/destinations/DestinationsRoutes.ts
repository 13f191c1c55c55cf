import { Auth } from "@analytics/api-common/access/Auth"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
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
import { Deliveries } from "../delivery/Deliveries.ts"
import { DeliveryAnswer } from "../delivery/Delivery.ts"
import {
  DestinationAnswer,
  DestinationChange,
  DestinationConflict,
  DestinationId,
  DestinationInvalid,
  DestinationNotFound,
  DestinationWithSecret,
  NewDestination
} from "./Destination.ts"
import { Destinations } from "./Destinations.ts"

const Params = Schema.Struct({ destinationId: DestinationId })
const Paged = Schema.Struct({
  ...projectQuery,
  cursor: Schema.optionalKey(DestinationId).annotate({
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
  destinations: Schema.Array(DestinationAnswer),
  nextCursor: Schema.NullOr(Schema.String)
})
const Tested = Schema.Struct({ deliveries: Schema.Array(DeliveryAnswer) })

const invalid = { 422: sent(Schema.Union([DestinationInvalid, ProjectMissing])) }

/** `/v1/destinations`: where messages may go. */
export const destinationsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Deliveries | Destinations, ER>
) =>
  new Elysia({ prefix: "/v1/destinations", tags: ["delivery"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, query, run }) =>
        run(
          DestinationWithSecret,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            return yield* (yield* Destinations).create(access, body)
          }),
          201
        ),
      {
        body: received(NewDestination),
        query: received(ProjectQuery),
        response: {
          201: sent(DestinationWithSecret),
          409: sent(DestinationConflict),
          ...refusals,
          ...invalid
        },
        detail: {
          summary: "Create a destination",
          description:
            "E-mail addresses, an incoming webhook of Slack, a webhook of your own, or a folder of the object store. URLs must be https and lead to public addresses. The answer of a webhook has its signing secret, this once.",
          security
        }
      }
    )
    .get(
      "",
      ({ headers, query: { cursor: after, limit = 100, projectId }, run }) =>
        run(
          List,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, reading, projectId)
            return yield* (yield* Destinations).list(access, { after, limit })
          })
        ),
      {
        query: received(Paged),
        response: { 200: sent(List), ...refusals },
        detail: { summary: "List the destinations, oldest first", security }
      }
    )
    .get(
      "/:destinationId",
      ({ headers, params, query, run }) =>
        run(
          DestinationAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, reading, query.projectId)
            return yield* (yield* Destinations).get(access, params.destinationId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          200: sent(DestinationAnswer),
          404: sent(DestinationNotFound),
          ...refusals
        },
        detail: { summary: "Read a destination, without its secrets", security }
      }
    )
    .patch(
      "/:destinationId",
      ({ body, headers, params, query, run }) =>
        run(
          DestinationAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            return yield* (yield* Destinations).change(
              access,
              params.destinationId,
              body
            )
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        body: received(DestinationChange),
        response: {
          200: sent(DestinationAnswer),
          404: sent(DestinationNotFound),
          409: sent(DestinationConflict),
          ...refusals,
          ...invalid
        },
        detail: {
          summary: "Change a destination",
          description: "A webhook keeps its signing secrets under another URL.",
          security
        }
      }
    )
    .delete(
      "/:destinationId",
      ({ headers, params, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            yield* (yield* Destinations).remove(access, params.destinationId)
          }),
          204
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          204: sent(Schema.Void),
          404: sent(DestinationNotFound),
          409: sent(DestinationConflict),
          ...refusals
        },
        detail: {
          summary: "Delete a destination",
          description:
            "Not one that a subscription or an alert names. What was to be sent there is refused; its ledger stays.",
          security
        }
      }
    )
    .post(
      "/:destinationId/test",
      ({ headers, params, query, run }) =>
        run(
          Tested,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            const deliveries = yield* (yield* Deliveries).test(
              access.projectId,
              params.destinationId
            )
            return { deliveries }
          }),
          202
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: { 202: sent(Tested), 404: sent(DestinationNotFound), ...refusals },
        detail: {
          summary: "Send a test",
          description:
            "A message that says that it is one; `GET /v1/deliveries/{id}` tells how it went.",
          security
        }
      }
    )
    .post(
      "/:destinationId/rotate-secret",
      ({ headers, params, query, run }) =>
        run(
          DestinationWithSecret,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            return yield* (yield* Destinations).rotate(access, params.destinationId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          200: sent(DestinationWithSecret),
          404: sent(DestinationNotFound),
          409: sent(DestinationConflict),
          ...refusals
        },
        detail: {
          summary: "Give a webhook a new signing secret",
          description:
            "Shown this once. The one before signs too, until it is retired or replaced in turn.",
          security
        }
      }
    )
    .post(
      "/:destinationId/retire-secret",
      ({ headers, params, query, run }) =>
        run(
          DestinationAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const key = headers["authorization"]
            const access = yield* auth.ofProject(key, changing, query.projectId)
            return yield* (yield* Destinations).retire(access, params.destinationId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          200: sent(DestinationAnswer),
          404: sent(DestinationNotFound),
          409: sent(DestinationConflict),
          ...refusals
        },
        detail: { summary: "Sign with the newest secret alone", security }
      }
    )
