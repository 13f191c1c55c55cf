import { Context, type Effect } from "effect"
import type { ProtocolFailure } from "./failures.ts"

/** Whom a change of what is loaded is by, and about. */
export interface LoadingTarget {
  readonly projectId: number
  readonly actor: string
  readonly model: string
  /** As in `parameters.version`; without it the newest one. */
  readonly version: string | undefined
}

/** Makes versions ready that no alias names, and ends that: the repository extension. */
export class ModelLoading extends Context.Service<
  ModelLoading,
  {
    /** Ends when the version is ready here. */
    load(target: LoadingTarget): Effect.Effect<void, ProtocolFailure>
    /** All versions without `version`. What an alias names stays ready. */
    unload(target: LoadingTarget): Effect.Effect<void, ProtocolFailure>
  }
>()("@analytics/ml-inference/protocol/ModelLoading") {}
