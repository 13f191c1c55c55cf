import { Effect, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import type { SqlError } from "effect/sql"

/** The registry or its files cannot be read or written now. */
export class ModelsUnavailable extends HttpApiError.Problem<ModelsUnavailable>()(
  "ModelsUnavailable",
  {
    type: "urn:analytics:problem:models-unavailable",
    status: 503,
    title: "The registry of models cannot be reached now; try again"
  }
) {}

/** The last place that knows the cause, so it is logged here and not carried further. */
export const unavailable = (error: SqlError.SqlError) =>
  Effect.logError("the registry of models failed", error).pipe(
    Effect.andThen(Effect.fail(new ModelsUnavailable({})))
  )

/** For repositories: Postgres that fails is away, rows that do not decode are a defect. */
export const orUnavailable = <A, R>(
  effect: Effect.Effect<A, SqlError.SqlError | Schema.SchemaError, R>
): Effect.Effect<A, ModelsUnavailable, R> =>
  effect.pipe(Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die }))

export class ModelNotFound extends HttpApiError.Problem<ModelNotFound>()(
  "ModelNotFound",
  {
    type: "urn:analytics:problem:model-not-found",
    status: 404,
    title: "There is no such model"
  },
  { model: Schema.String }
) {}

export class VersionNotFound extends HttpApiError.Problem<VersionNotFound>()(
  "VersionNotFound",
  {
    type: "urn:analytics:problem:version-not-found",
    status: 404,
    title: "The model has no such version"
  },
  { model: Schema.String, version: Schema.Int }
) {}

/** Something is not as the request takes it to be; `detail` says how it is. */
export class ModelConflict extends HttpApiError.Problem<ModelConflict>()(
  "ModelConflict",
  {
    type: "urn:analytics:problem:model-conflict",
    status: 409,
    title: "The model is not as the request takes it to be"
  }
) {}

export class AliasMoved extends HttpApiError.Problem<AliasMoved>()(
  "AliasMoved",
  {
    type: "urn:analytics:problem:alias-moved",
    status: 409,
    title: "The alias does not name the version that was expected"
  },
  {
    /** What it names now; null: nothing. */
    version: Schema.NullOr(Schema.Int)
  }
) {}

/** The version cannot be served, so nothing was changed. */
export class VersionNotReady extends HttpApiError.Problem<VersionNotReady>()(
  "VersionNotReady",
  {
    type: "urn:analytics:problem:version-not-ready",
    status: 409,
    title: "The version does not get ready; nothing was changed"
  }
) {}

/** What was sent is no model that is served; nothing of it was kept as a version. */
export class ModelInadmissible extends HttpApiError.Problem<ModelInadmissible>()(
  "ModelInadmissible",
  {
    type: "urn:analytics:problem:model-inadmissible",
    status: 422,
    title: "The model cannot be served"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {
  /** One reason, at the field that it is about. */
  static at(pointer: string, detail: string) {
    return new ModelInadmissible({ detail, errors: [{ pointer, detail }] })
  }
}

export class ArtifactTooLarge extends HttpApiError.Problem<ArtifactTooLarge>()(
  "ArtifactTooLarge",
  {
    type: "urn:analytics:problem:artifact-too-large",
    status: 413,
    title: "The file is larger than models may be"
  }
) {}

/** Also what a body becomes that breaks off. */
export class ArtifactUnreadable extends HttpApiError.Problem<ArtifactUnreadable>()(
  "ArtifactUnreadable",
  {
    type: "urn:analytics:problem:artifact-unreadable",
    status: 400,
    title: "The file cannot be read"
  }
) {}

export class RegistryBusy extends HttpApiError.Problem<RegistryBusy>()("RegistryBusy", {
  type: "urn:analytics:problem:registry-busy",
  status: 429,
  title: "As much is being taken in as may be; try again"
}) {}
