import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { AppRuntime } from "../App.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import { CatalogueEvents, CatalogueProperties } from "./Catalogue.ts"
import { CatalogueRepo } from "./CatalogueRepo.ts"
import { Forgetting } from "./Forgetting.ts"

const Question = Schema.Struct({
  projectId: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 }))
})

const Forgotten = Schema.Struct({
  examples: Schema.Int,
  names: Schema.Int,
  answers: Schema.Int
})

const Looked = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

const Catalogue = Schema.Struct({
  events: CatalogueEvents.fields.events,
  properties: CatalogueProperties.fields.properties
})

/** Names that others look at, at most: of events, and of properties. */
const MOST_NAMES = 200

/**
 * What the other services of the installation ask: what a project has, and, after events
 * were removed, that it is looked at anew.
 */
export const forgettingRoutes = (runtime: AppRuntime) =>
  new Elysia({ prefix: "/internal/v1/catalogue", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query: { projectId }, run }) =>
        run(
          Catalogue,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            const catalogue = yield* CatalogueRepo
            const search = { search: "", limit: MOST_NAMES }
            const { events } = yield* catalogue.events(projectId, search)
            const { properties } = yield* catalogue.properties(projectId, search)
            return { events, properties }
          })
        ),
      {
        query: received(Looked),
        response: {
          200: sent(Catalogue),
          401: sent(Unauthorized),
          503: sent(ControlUnavailable)
        },
        detail: {
          summary: "The most frequent events and properties of a project (service key)",
          security: [{ key: [] }]
        }
      }
    )
    .post(
      "/forget",
      ({ body, headers, run }) =>
        run(
          Forgotten,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            return yield* (yield* Forgetting).forget(body.projectId)
          })
        ),
      {
        body: received(Question),
        response: {
          200: sent(Forgotten),
          401: sent(Unauthorized),
          503: sent(Schema.Union([ControlUnavailable, QueriesUnavailable]))
        },
        detail: {
          summary: "Take example values anew, drop kept answers (service key)",
          security: [{ key: [] }]
        }
      }
    )
