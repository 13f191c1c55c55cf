import type { Tensor } from "@analytics/inference-protocol/Tensor"
import type { Executor, ExecutorLost, RunRefused } from "../execution/Executors.ts"
import type { RequestTensors } from "./RequestTensors.ts"

export interface BatcherOptions {
  /** Rows of one run, at most; a request with more runs alone. */
  readonly maxRows: number
  /** Milliseconds an idle executor waits for company; 0: it takes what is there. */
  readonly window: number
  readonly queueRows: number
  readonly queueBytes: number
  /** Milliseconds a request may wait for its run to begin. */
  readonly queueTime: number
  /** Calls back at the end of this turn of the event loop. */
  readonly soon: (callback: () => void) => void
}

/** The queue has no room. */
export interface QueueFull {
  readonly _tag: "QueueFull"
  /** Whole seconds, by what the model did of late. */
  readonly retryAfter: number
}

/** The run that a request was part of; times as `Bun.nanoseconds()` gives them. */
export interface Run {
  readonly rows: number
  readonly startedAt: number
  readonly endedAt: number
}

export interface Answered {
  readonly _tag: "Answered"
  readonly outputs: ReadonlyArray<Tensor>
  readonly run: Run
}

/** What a request becomes: its outputs, or why there are none. */
export type RequestEnd =
  | Answered
  | RunRefused
  | ExecutorLost
  /** It waited too long for its run to begin. */
  | { readonly _tag: "Overdue" }
  /** Its version runs nothing for now. */
  | { readonly _tag: "Unavailable" }

/** One request in the batcher. */
export interface Waiting {
  readonly _tag: "Waiting"
  readonly request: RequestTensors
  readonly done: (end: RequestEnd) => void
  /** `Bun.nanoseconds()` when it came. */
  readonly since: number
  /** Runs that took their process with them. */
  losses: number
  /** It runs with nobody else: a run that it was part of failed. */
  alone: boolean
  dropped: boolean
}

/** What a run took, in nanoseconds, for whoever counts. */
export interface RunTimes {
  readonly rows: number
  readonly requests: ReadonlyArray<Waiting>
  readonly startedAt: number
  /** Writing the tensors. */
  readonly input: number
  readonly infer: number
  /** Cutting the outputs and answering. */
  readonly output: number
}

export interface BatcherEvents {
  readonly ran: (times: RunTimes) => void
  /** A process answered, be it with a refusal: it works. */
  readonly worked: () => void
  readonly lost: (executor: Executor, lost: ExecutorLost) => void
}
