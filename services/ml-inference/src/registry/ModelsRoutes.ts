import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import { asking, NumberInCursor, Owner, pageOf, refusals, security } from "./asking.ts"
import { AuditEntry, Model, ModelChange, ModelName, NewModel } from "./Model.ts"
import { Models } from "./Models.ts"
import { ModelConflict, ModelNotFound } from "./RegistryProblems.ts"

const Params = Schema.Struct({ name: ModelName })
const ModelPage = pageOf(ModelName)
const AuditPage = pageOf(NumberInCursor)
const nextCursor = Schema.NullOr(Schema.String)
const ModelList = Schema.Struct({ models: Schema.Array(Model), nextCursor })
const Audit = Schema.Struct({ entries: Schema.Array(AuditEntry), nextCursor })

/** `/v1/models`: what answers under a name, and what was done to it. */
export const modelsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Models | ModelAccess, ER>
) =>
  new Elysia({ prefix: "/v1/models", tags: ["models"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, query, run }) =>
        run(
          Model,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            return yield* (yield* Models).create(actor, body)
          }),
          201
        ),
      {
        body: received(NewModel),
        query: received(Owner),
        response: { 201: sent(Model), 409: sent(ModelConflict), ...refusals },
        detail: {
          summary: "Make a model",
          description: "Making its first version makes it too.",
          security
        }
      }
    )
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          ModelList,
          Effect.gen(function* () {
            const { projectId } = yield* asking(
              headers["authorization"],
              "predict",
              query
            )
            const { cursor: after, limit = 100 } = query
            return yield* (yield* Models).list(projectId, { after, limit })
          })
        ),
      {
        query: received(ModelPage),
        response: { 200: sent(ModelList), ...refusals },
        detail: { summary: "List the models, by name", security }
      }
    )
    .get(
      "/:name",
      ({ headers, params, query, run }) =>
        run(
          Model,
          Effect.gen(function* () {
            const { projectId } = yield* asking(
              headers["authorization"],
              "predict",
              query
            )
            return yield* (yield* Models).get(projectId, params.name)
          })
        ),
      {
        params: received(Params),
        query: received(Owner),
        response: { 200: sent(Model), 404: sent(ModelNotFound), ...refusals },
        detail: { summary: "A model", security }
      }
    )
    .patch(
      "/:name",
      ({ body, headers, params, query, run }) =>
        run(
          Model,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            return yield* (yield* Models).change(actor, params.name, body)
          })
        ),
      {
        body: received(ModelChange),
        params: received(Params),
        query: received(Owner),
        response: { 200: sent(Model), 404: sent(ModelNotFound), ...refusals },
        detail: {
          summary: "Describe a model, or split its traffic",
          description:
            "`challengerPercent` of the entities are answered by the challenger, always the same ones while it stays; the champion has the rest.",
          security
        }
      }
    )
    .delete(
      "/:name",
      ({ headers, params, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            yield* (yield* Models).remove(actor, params.name)
          }),
          204
        ),
      {
        params: received(Params),
        query: received(Owner),
        response: { 204: sent(Schema.Void), 404: sent(ModelNotFound), ...refusals },
        detail: {
          summary: "Remove a model with all of its versions",
          description:
            "The audit stays, and the numbers of its versions are not given again.",
          security
        }
      }
    )
    .get(
      "/:name/audit",
      ({ headers, params, query, run }) =>
        run(
          Audit,
          Effect.gen(function* () {
            const { projectId } = yield* asking(
              headers["authorization"],
              "predict",
              query
            )
            const { cursor: after, limit = 100 } = query
            return yield* (yield* Models).audit(projectId, params.name, {
              after,
              limit
            })
          })
        ),
      {
        params: received(Params),
        query: received(AuditPage),
        response: { 200: sent(Audit), 404: sent(ModelNotFound), ...refusals },
        detail: {
          summary: "What was done to a model, and by whom, newest first",
          description: "Also of a model that was removed.",
          security
        }
      }
    )
