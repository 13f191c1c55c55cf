import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { Context, type Effect, Schema } from "effect"
import type { Signature } from "../execution/Executors.ts"

/** Whom a request is for. `version`: as written in the URL; without it the traffic decides. */
export interface ServingTarget {
  readonly projectId: number
  readonly model: string
  readonly version: string | undefined
  /** The same entity meets the same version while the traffic stays. */
  readonly entity: string | undefined
}

export class ModelUnknown extends Schema.TaggedError<ModelUnknown>()("ModelUnknown", {
  detail: Schema.String
}) {}

/** Known, but not (or no longer) able to answer. */
export class ModelNotReady extends Schema.TaggedError<ModelNotReady>()(
  "ModelNotReady",
  {
    detail: Schema.String,
    /** Whole seconds. */
    retryAfter: Schema.Int
  }
) {}

/** The queue of the version is full. */
export class TooBusy extends Schema.TaggedError<TooBusy>()("TooBusy", {
  detail: Schema.String,
  retryAfter: Schema.Int
}) {}

/** The request does not fit the model: names, shapes, types, counts. */
export class InputInvalid extends Schema.TaggedError<InputInvalid>()("InputInvalid", {
  detail: Schema.String
}) {}

/** The model failed on this request, or did not end in time. */
export class InferenceFailed extends Schema.TaggedError<InferenceFailed>()(
  "InferenceFailed",
  { reason: Schema.Literals(["deadline", "crash", "refused"]), detail: Schema.String }
) {}

export type ServingError =
  | ModelUnknown
  | ModelNotReady
  | TooBusy
  | InputInvalid
  | InferenceFailed

export interface Inferred {
  readonly model: string
  readonly version: number
  readonly outputs: ReadonlyArray<Tensor>
}

export interface Metadata {
  readonly name: string
  /** Ready ones, oldest first. */
  readonly versions: ReadonlyArray<string>
  readonly signature: Signature
}

export interface RepositoryEntry {
  readonly name: string
  readonly version: string
  readonly state: "READY" | "LOADING" | "UNLOADING" | "UNAVAILABLE"
  readonly reason: string
}

/** Count, and nanoseconds in all. */
export interface Timed {
  readonly count: number
  readonly ns: number
}

/** Of one version, since it was loaded here. */
export interface VersionStatistics {
  readonly name: string
  readonly version: string
  /** Epoch milliseconds; 0: none yet. */
  readonly lastInference: number
  readonly inferenceCount: number
  readonly executionCount: number
  readonly success: Timed
  readonly fail: Timed
  readonly queue: Timed
  readonly computeInput: Timed
  readonly computeInfer: Timed
  readonly computeOutput: Timed
  /** By rows of a run. */
  readonly batches: ReadonlyArray<{ readonly size: number; readonly infer: Timed }>
}

/** The models that were to be ready from the beginning are being loaded. */
export class StillLoading extends Schema.TaggedError<StillLoading>()("StillLoading", {
  /** Not known before the registry was read. */
  versions: Schema.UndefinedOr(Schema.Int)
}) {}

/** The models that this process has ready. Never waits for Postgres to infer. */
export class Serving extends Context.Service<
  Serving,
  {
    /** Checks that the version is ready and that the tensors fit before anything runs. */
    infer(
      target: ServingTarget,
      inputs: ReadonlyArray<Tensor>,
      outputs: ReadonlyArray<string> | undefined
    ): Effect.Effect<Inferred, ServingError>
    /**
     * Fails until every version that was to be ready when this process began was tried once,
     * whatever came of it, or took too long.
     */
    readonly begun: Effect.Effect<void, StillLoading>
    ready(target: ServingTarget): Effect.Effect<boolean, ModelUnknown>
    metadata(
      target: ServingTarget
    ): Effect.Effect<Metadata, ModelUnknown | ModelNotReady>
    statistics(
      projectId: number,
      model: string | undefined,
      version: string | undefined
    ): Effect.Effect<ReadonlyArray<VersionStatistics>, ModelUnknown>
    /** How it is with every version that is to be ready here, of one project. */
    index(projectId: number): Effect.Effect<ReadonlyArray<RepositoryEntry>>
    /** Ends when the version is ready here, or says why it is not. At most a minute. */
    awaitReady(
      projectId: number,
      model: string,
      version: number
    ): Effect.Effect<void, ModelUnknown | ModelNotReady>
  }
>()("@analytics/ml-inference/serving/Serving") {}
