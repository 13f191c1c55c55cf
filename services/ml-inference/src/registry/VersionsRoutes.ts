import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import {
  asking,
  NumberInCursor,
  Owner,
  pageOf,
  refusals,
  security,
  VersionInPath
} from "./asking.ts"
import { ModelName } from "./Model.ts"
import {
  ModelConflict,
  ModelInadmissible,
  ModelNotFound,
  RegistryBusy,
  VersionNotFound
} from "./RegistryProblems.ts"
import { Measurement, NewVersion, Version, VersionSummary } from "./Version.ts"
import { Versions } from "./Versions.ts"

const Params = Schema.Struct({ name: ModelName })
const VersionParams = Schema.Struct({ name: ModelName, version: VersionInPath })
const Page = pageOf(NumberInCursor)
const VersionList = Schema.Struct({
  versions: Schema.Array(VersionSummary),
  nextCursor: Schema.NullOr(Schema.String)
})
const inadmissible = sent(Schema.Union([ModelInadmissible, ProjectMissing]))

/** `/v1/models/{name}/versions`: what was admitted, and what was measured of it. */
export const versionsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Versions | ModelAccess, ER>
) =>
  new Elysia({ prefix: "/v1/models/:name/versions", tags: ["models"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, params, query, run }) =>
        run(
          Version,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            return yield* (yield* Versions).create(actor, params.name, body)
          }),
          201
        ),
      {
        body: received(NewVersion),
        params: received(Params),
        query: received(Owner),
        response: {
          201: sent(Version),
          ...refusals,
          409: sent(ModelConflict),
          422: inadmissible,
          429: sent(RegistryBusy)
        },
        detail: {
          summary: "Make a version of a file that was sent",
          description:
            "The file is inspected, loaded and asked its golden rows in a process of its own; a refusal says what was wrong, and leaves nothing behind. Makes the model when there is none. No version ever changes.",
          security
        }
      }
    )
    .get(
      "",
      ({ headers, params, query, run }) =>
        run(
          VersionList,
          Effect.gen(function* () {
            const { projectId } = yield* asking(
              headers["authorization"],
              "predict",
              query
            )
            const { cursor: after, limit = 100 } = query
            const page = { after, limit }
            return yield* (yield* Versions).list(projectId, params.name, page)
          })
        ),
      {
        params: received(Params),
        query: received(Page),
        response: { 200: sent(VersionList), 404: sent(ModelNotFound), ...refusals },
        detail: { summary: "List the versions, newest first", security }
      }
    )
    .get(
      "/:version",
      ({ headers, params: { name, version }, query, run }) =>
        run(
          Version,
          Effect.gen(function* () {
            const { projectId } = yield* asking(
              headers["authorization"],
              "predict",
              query
            )
            return yield* (yield* Versions).get(projectId, name, version)
          })
        ),
      {
        params: received(VersionParams),
        query: received(Owner),
        response: { 200: sent(Version), 404: sent(VersionNotFound), ...refusals },
        detail: { summary: "A version, with all that is known of it", security }
      }
    )
    .delete(
      "/:version",
      ({ headers, params: { name, version }, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            yield* (yield* Versions).remove(actor, name, version)
          }),
          204
        ),
      {
        params: received(VersionParams),
        query: received(Owner),
        response: {
          204: sent(Schema.Void),
          404: sent(VersionNotFound),
          409: sent(ModelConflict),
          ...refusals
        },
        detail: {
          summary: "Remove a version that no alias names and nobody has loaded",
          description:
            "The audit stays, its number is not given again, and a file that no other version has goes a day later.",
          security
        }
      }
    )
    .post(
      "/:version/quality",
      ({ body, headers, params: { name, version }, query, run }) =>
        run(
          Version,
          Effect.gen(function* () {
            const actor = yield* asking(headers["authorization"], "models", query)
            const versions = yield* Versions
            return yield* versions.measured(actor, name, version, body)
          }),
          201
        ),
      {
        body: received(Measurement),
        params: received(VersionParams),
        query: received(Owner),
        response: {
          201: sent(Version),
          404: sent(VersionNotFound),
          ...refusals,
          422: inadmissible
        },
        detail: {
          summary: "Add what was measured of a version",
          description:
            "`at`, and whatever else was measured; the newest 100 of each `kind` stay, 300 in all.",
          security
        }
      }
    )
