import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { Context, type Effect, Schema, type Stream } from "effect"
import type { ExecutorLimits, Signature } from "../execution/Executors.ts"

/** How requests to one version are joined. */
export interface Batching {
  /** Rows of one run, at most; 1: no batching. Only of models whose first dimension is free. */
  readonly maxRows: number
  /** Milliseconds to wait for company while the executor is idle; 0: never. */
  readonly window: number
  /** Rows that may wait; more are answered 429. */
  readonly queueRows: number
}

/** Rows with known answers: the version is ready only when it gives them. */
export interface Golden {
  readonly inputs: ReadonlyArray<Tensor>
  readonly outputs: ReadonlyArray<Tensor>
  /** Largest absolute difference of floating-point numbers. */
  readonly tolerance: number
}

/** One immutable version that is to be ready. */
export interface DesiredVersion {
  /** UUID of the version. */
  readonly id: string
  readonly projectId: number
  readonly model: string
  /** 1, 2, 3 … of the model. */
  readonly version: number
  readonly sha256: string
  readonly signature: Signature
  readonly golden: Golden | undefined
  readonly limits: ExecutorLimits
  readonly batching: Batching
  /** Processes with this model. */
  readonly instances: number
}

export const aliases = ["champion", "challenger", "shadow"] as const
export type Alias = (typeof aliases)[number]

/** One model as it is to be served: what answers when no version is named. */
export interface DesiredModel {
  readonly projectId: number
  readonly name: string
  readonly aliases: Readonly<Partial<Record<Alias, number>>>
  /** Percent of entities that the challenger answers, 0 to 100; the champion has the rest. */
  readonly challengerPercent: number
  /** Versions to be ready: those with an alias, and those loaded by name. By version. */
  readonly versions: ReadonlyMap<number, DesiredVersion>
}

/** Keyed by `<projectId>/<name>`. */
export type DesiredState = ReadonlyMap<string, DesiredModel>

/** The registry cannot be asked now. */
export class RegistryUnavailable extends Schema.TaggedError<RegistryUnavailable>()(
  "RegistryUnavailable",
  { detail: Schema.String }
) {}

/**
 * What this process is to serve, from Postgres, followed within a second of a change (also
 * one that another instance made). While Postgres is away the last known state stays.
 */
export class DesiredModels extends Context.Service<
  DesiredModels,
  {
    readonly current: Effect.Effect<DesiredState>
    /** The current state, and then each new one. */
    readonly changes: Stream.Stream<DesiredState>
    /** Reads the registry now; what was written before is in `current` afterwards. */
    readonly refresh: Effect.Effect<void, RegistryUnavailable>
    /** A local file of the artifact, verified by its sha256; cached, bounded. */
    artifact(sha256: string): Effect.Effect<string, RegistryUnavailable>
  }
>()("@analytics/ml-inference/registry/DesiredModels") {}
