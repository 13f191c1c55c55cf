import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import { asking, Owner, refusals, security, VersionInPath } from "./asking.ts"
import { AliasName, Model, ModelName, VersionNumber } from "./Model.ts"
import { Placement } from "./Placement.ts"
import {
  AliasMoved,
  ModelConflict,
  ModelNotFound,
  VersionNotFound,
  VersionNotReady
} from "./RegistryProblems.ts"

const Params = Schema.Struct({ name: ModelName })
const AliasParams = Schema.Struct({ name: ModelName, alias: AliasName })

const Change = Schema.Struct({
  version: VersionNumber,
  expected: Schema.optionalKey(Schema.NullOr(VersionNumber)).annotate({
    description:
      "What the alias must name now, null being nothing; without it whatever it is"
  })
})
const Removal = Schema.Struct({
  ...Owner.fields,
  expected: Schema.optionalKey(VersionInPath).annotate({
    description: "What the alias must name now"
  })
})

const response = {
  200: sent(Model),
  404: sent(Schema.Union([ModelNotFound, VersionNotFound])),
  409: sent(Schema.Union([AliasMoved, ModelConflict, VersionNotReady])),
  ...refusals
}

/** `/v1/models/{name}/aliases`: which version answers. */
export const aliasesRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Placement | ModelAccess, ER>
) =>
  new Elysia({ prefix: "/v1/models/:name", tags: ["models"] })
    .use(effectPlugin(runtime))
    .put(
      "/aliases/:alias",
      ({ body, headers, params: { alias, name }, query, run }) =>
        run(
          Model,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            const target = { model: name, version: body.version }
            const placement = yield* Placement
            return yield* placement.setAlias(actor, target, alias, body.expected)
          })
        ),
      {
        body: received(Change),
        params: received(AliasParams),
        query: received(Owner),
        response,
        detail: {
          summary: "Let an alias name a version",
          description:
            "Compare and set: with `expected` it is changed only if it is as expected, else 409 says what it names now. The version is made ready first, and one that does not get ready changes nothing; what was named before answers until then.",
          security
        }
      }
    )
    .delete(
      "/aliases/:alias",
      ({ headers, params: { alias, name }, query, run }) =>
        run(
          Model,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            const placement = yield* Placement
            return yield* placement.removeAlias(actor, name, alias, query.expected)
          })
        ),
      {
        params: received(AliasParams),
        query: received(Removal),
        response,
        detail: { summary: "Take an alias away", security }
      }
    )
    .post(
      "/rollback",
      ({ headers, params, query, run }) =>
        run(
          Model,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            return yield* (yield* Placement).rollback(actor, params.name)
          })
        ),
      {
        params: received(Params),
        query: received(Owner),
        response,
        detail: {
          summary: "Let the champion be what it was before",
          description: "By the audit; again goes one further back.",
          security
        }
      }
    )
