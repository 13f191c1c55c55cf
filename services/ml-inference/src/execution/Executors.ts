import type { Tensor, TensorSpec } from "@analytics/inference-protocol/Tensor"
import { Context, type Effect, Schema, type Scope } from "effect"

/** Bounds of one process that holds one model. */
export interface ExecutorLimits {
  /** Bytes of data segment (`ulimit -d`); asking for more ends the process. */
  readonly memory: number
  /** Milliseconds a model may take to load. */
  readonly loadTime: number
  /** Milliseconds one run may take; then the process is killed. */
  readonly runTime: number
}

export interface Signature {
  readonly inputs: ReadonlyArray<TensorSpec>
  readonly outputs: ReadonlyArray<TensorSpec>
}

/** The file is no model that can be served; trying again gives the same. */
export class ModelRefused extends Schema.TaggedError<ModelRefused>()("ModelRefused", {
  /** For people. Never a path of this machine. */
  detail: Schema.String
}) {}

/** This run failed: the runtime refused the tensors. The process lives on. */
export class RunRefused extends Schema.TaggedError<RunRefused>()("RunRefused", {
  detail: Schema.String
}) {}

/** The process is gone: killed at its deadline, out of memory, or crashed. */
export class ExecutorLost extends Schema.TaggedError<ExecutorLost>()("ExecutorLost", {
  reason: Schema.Literals(["deadline", "memory", "crash"]),
  detail: Schema.String
}) {}

/** One subprocess with one loaded model. Runs one batch at a time, in order. */
export interface Executor {
  readonly pid: number
  readonly signature: Signature
  /** Milliseconds loading took. */
  readonly loadedIn: number
  /** `outputs`: the names wanted; all without it. */
  readonly run: (
    inputs: ReadonlyArray<Tensor>,
    outputs?: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Tensor>, RunRefused | ExecutorLost>
  /** Resident bytes now. */
  readonly memory: Effect.Effect<number>
  /** Ends when the process does, however that is. */
  readonly lost: Effect.Effect<ExecutorLost>
}

/** Makes executors. The scope ends the process; nothing outlives the service. */
export class Executors extends Context.Service<
  Executors,
  {
    /** `path`: a file of the model on this machine. */
    start(
      path: string,
      limits: ExecutorLimits
    ): Effect.Effect<Executor, ModelRefused | ExecutorLost, Scope.Scope>
  }
>()("@analytics/ml-inference/execution/Executors") {}
