import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema, SchemaTransformation } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { withoutNul } from "../projects/Project.ts"
import { CatalogueEvents, CatalogueProperties, CatalogueValues } from "./Catalogue.ts"
import { CatalogueRepo } from "./CatalogueRepo.ts"

const Name = Schema.String.check(Schema.isMaxLength(1000), withoutNul)

const Limit = Schema.String.check(Schema.isPattern(/^\d{1,4}$/u)).pipe(
  Schema.decodeTo(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
    SchemaTransformation.transform({ decode: Number, encode: String })
  )
)

const search = {
  search: Schema.optionalKey(Name).annotate({
    description: "A part of the name in any case; names that begin with it come first"
  }),
  limit: Schema.optionalKey(Limit)
}
const EventSearch = Schema.Struct(search)
const PropertySearch = Schema.Struct({
  ...search,
  event: Schema.optionalKey(Name).annotate({
    description: "Only properties that events of this name have, and those of all"
  })
})
const ValueSearch = Schema.Struct({ property: Name })

const DEFAULT_LIMIT = 50

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(ControlUnavailable)
}
const security = [{ key: [] }]

/** `/v1/catalogue`: what there is to ask about. */
export const catalogueRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | CatalogueRepo, ER>
) =>
  new Elysia({ prefix: "/v1/catalogue", tags: ["catalogue"] })
    .use(effectPlugin(runtime))
    .get(
      "/events",
      ({ headers, query, run }) =>
        run(
          CatalogueEvents,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).project(
              headers["authorization"],
              "query"
            )
            const { limit = DEFAULT_LIMIT, search: text = "" } = query
            const catalogue = yield* CatalogueRepo
            return yield* catalogue.events(access.projectId, { search: text, limit })
          })
        ),
      {
        query: received(EventSearch),
        response: { 200: sent(CatalogueEvents), ...refusals },
        detail: {
          summary: "Names of events, the most frequent first",
          description: "At most 10,000 names of a project are known.",
          security
        }
      }
    )
    .get(
      "/properties",
      ({ headers, query, run }) =>
        run(
          CatalogueProperties,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).project(
              headers["authorization"],
              "query"
            )
            const { limit = DEFAULT_LIMIT, search: text = "", ...event } = query
            const catalogue = yield* CatalogueRepo
            return yield* catalogue.properties(access.projectId, {
              search: text,
              limit,
              ...event
            })
          })
        ),
      {
        query: received(PropertySearch),
        response: { 200: sent(CatalogueProperties), ...refusals },
        detail: {
          summary: "Properties of events, traits, context and built-ins",
          description:
            "Written as queries take them. At most 5,000 of a project are known. Values that look like secrets or addresses are never examples.",
          security
        }
      }
    )
    .get(
      "/values",
      ({ headers, query, run }) =>
        run(
          CatalogueValues,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).project(
              headers["authorization"],
              "query"
            )
            const catalogue = yield* CatalogueRepo
            return yield* catalogue.values(access.projectId, query.property)
          })
        ),
      {
        query: received(ValueSearch),
        response: { 200: sent(CatalogueValues), ...refusals },
        detail: { summary: "Example values of a property", security }
      }
    )
