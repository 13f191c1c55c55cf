import {
  datatypes,
  type Tensor,
  type TensorSpec
} from "@analytics/inference-protocol/Tensor"
import { Context, type Effect, Schema, type Scope } from "effect"
import type { Joined } from "./frames.ts"

/**
 * What the runtime itself needs of `memory`: it sets aside about 290 MiB, of which it uses
 * a tenth. Less is taken as this.
 */
export const leastMemory = 512 * 1024 * 1024

/** Bounds of one process that holds one model. */
export interface ExecutorLimits {
  /**
   * Bytes of data segment (`ulimit -d`), of which `leastMemory` says what the runtime
   * needs; asking for more refuses the run or ends the process. Linux alone keeps it.
   */
  readonly memory: number
  /** Milliseconds a model may take to load. */
  readonly loadTime: number
  /** Milliseconds one run may take; then the process is killed. */
  readonly runTime: number
}

const specs = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    datatype: Schema.Literals(datatypes),
    shape: Schema.Array(Schema.Number)
  })
)

export const Signature = Schema.Struct({ inputs: specs, outputs: specs })
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

/** What became of a run. */
export type RunEnd =
  | {
      readonly _tag: "Outputs"
      readonly outputs: ReadonlyArray<Tensor>
      /** Nanoseconds the runtime took. */
      readonly took: number
    }
  | RunRefused
  | ExecutorLost

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
  /**
   * The same for what makes many small runs: each input joined from parts, and no Effect.
   * `outputs`: the names wanted; none: all. `done` is
   * called exactly once, not before this returns.
   */
  readonly submit: (
    inputs: ReadonlyArray<Joined>,
    outputs: ReadonlyArray<string>,
    done: (end: RunEnd) => void
  ) => void
  /** Resident bytes now; 0 once the process is gone. */
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
