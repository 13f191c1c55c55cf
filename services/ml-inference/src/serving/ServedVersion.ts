import type { Tensor } from "@analytics/inference-protocol/Tensor"
import {
  type Executor,
  ExecutorLost,
  RunRefused,
  type Signature
} from "../execution/Executors.ts"
import type { DesiredVersion } from "../registry/DesiredModels.ts"
import { Batcher } from "./Batcher.ts"
import type { Answered, RequestEnd } from "./batching.ts"
import { type BreakerOptions, CircuitBreaker } from "./CircuitBreaker.ts"
import { makeCheck, type RequestTensors } from "./RequestTensors.ts"
import {
  InferenceFailed,
  InputInvalid,
  ModelNotReady,
  type RepositoryEntry,
  type ServingError,
  TooBusy
} from "./Serving.ts"
import type { VersionMetrics } from "./ServingMetrics.ts"
import { Statistics } from "./Statistics.ts"

export interface ServedOptions {
  readonly breaker: BreakerOptions
  /** Bytes of inputs that may wait for one version. */
  readonly queueBytes: number
  /** Milliseconds a request may wait for its run to begin. */
  readonly queueTime: number
}

export type InferEnd = Answered | ServingError

/**
 * One version with its processes, as requests see it: what is ready, what waits, what it
 * did. `supervise` keeps the processes running.
 */
export class ServedVersion {
  readonly desired: DesiredVersion
  readonly statistics = new Statistics()
  readonly breaker: CircuitBreaker
  readonly executors = new Set<Executor>()
  readonly metrics: VersionMetrics
  /** Whether an attempt to have it ready has ended, one way or the other. */
  tried = false
  readonly #batcher: Batcher
  readonly #changed: () => void
  readonly #queueTime: number
  #signature: Signature
  #check: ReturnType<typeof makeCheck>
  #state: RepositoryEntry["state"] = "LOADING"
  #reason = ""
  #joins: boolean | undefined

  constructor(
    desired: DesiredVersion,
    options: ServedOptions,
    metrics: VersionMetrics,
    changed: () => void
  ) {
    this.desired = desired
    this.metrics = metrics
    this.#changed = changed
    this.#queueTime = options.queueTime
    this.#signature = desired.signature
    this.#check = makeCheck(desired.signature)
    this.breaker = new CircuitBreaker(options.breaker)
    this.#batcher = new Batcher(
      { ...desired.batching, ...options, soon: setImmediate },
      {
        ran: (times) => {
          this.statistics.ran(times)
          metrics.queueRows(this.#batcher.queuedRows)
          metrics.batchRows(times.rows)
          metrics.runTime(times.infer / 1e9)
          const oldest = times.requests[0]?.since ?? times.startedAt
          metrics.queueTime((times.startedAt - oldest) / 1e9)
        },
        worked: () => this.breaker.worked(),
        lost: (executor) => this.detach(executor)
      }
    )
  }

  get state(): RepositoryEntry["state"] {
    return this.#state
  }

  get reason(): string {
    return this.#reason
  }

  get signature(): Signature {
    return this.#signature
  }

  get queuedRows(): number {
    return this.#batcher.queuedRows
  }

  /** The request in the form in which it runs, or why it does not fit. */
  check(
    inputs: ReadonlyArray<Tensor>,
    outputs: ReadonlyArray<string> | undefined
  ): RequestTensors | InputInvalid {
    const checked = this.#check(inputs, outputs)
    return typeof checked === "string" ? new InputInvalid({ detail: checked }) : checked
  }

  /** Calls `done` once, later; gives what takes the request back while it waits. */
  infer(request: RequestTensors, done: (end: InferEnd) => void): () => void {
    const startedAt = Bun.nanoseconds()
    const fail = (error: ServingError) => {
      this.statistics.failed(Bun.nanoseconds() - startedAt)
      this.metrics.failed("reason" in error ? error.reason : error._tag)
      done(error)
    }
    const refuse = (error: ServingError) => {
      queueMicrotask(() => fail(error))
      return () => {}
    }
    if (this.#state !== "READY") return refuse(this.notReady())
    const waiting = this.#batcher.submit(request, (end) =>
      end._tag === "Answered" ? done(end) : fail(this.#failureOf(end))
    )
    return waiting._tag === "Waiting"
      ? () => this.#batcher.drop(waiting)
      : refuse(
          new TooBusy({
            detail: `${this.#batcher.queuedRows} rows wait for ${this.#name} already`,
            retryAfter: waiting.retryAfter
          })
        )
  }

  notReady(): ModelNotReady {
    return new ModelNotReady({
      detail: `${this.#name} is not ready${this.#reason === "" ? "" : `: ${this.#reason}`}`,
      retryAfter: Math.max(1, Math.ceil(this.breaker.wait / 1000))
    })
  }

  /** This process has the model, and may answer. */
  attach(executor: Executor): void {
    if (this.executors.size === 0) {
      this.#signature = executor.signature
      this.#check = makeCheck(executor.signature)
    }
    this.executors.add(executor)
    this.metrics.started()
    this.move("READY", "")
    this.#batcher.attach(executor)
  }

  detach(executor: Executor): void {
    this.executors.delete(executor)
    this.#batcher.detach(executor)
  }

  /** Whether rows of several requests may share a run; undefined: nobody tried yet. */
  get joins(): boolean | undefined {
    return this.#joins
  }

  /** Says that; it is not to be tried again. */
  join(apart: boolean): void {
    this.#joins = apart
    if (!apart) this.#batcher.runAlone()
  }

  move(state: RepositoryEntry["state"], reason: string): void {
    // What is taken away stays so, whatever its processes do until then.
    if (this.#state === "UNLOADING") return
    this.#state = state
    if (state !== "LOADING") this.tried = true
    this.#reason = reason
    this.metrics.ready(state === "READY" ? 1 : 0)
    if (state === "UNAVAILABLE") this.#batcher.failAll({ _tag: "Unavailable" })
    this.#changed()
  }

  /** Ends when what it had taken is answered. */
  drained(): Promise<void> {
    return this.#batcher.drained()
  }

  /** Its processes are gone for good: what still waits for one learns it. */
  close(): void {
    this.#batcher.failAll({ _tag: "Unavailable" })
  }

  get #name(): string {
    return `version ${this.desired.version} of model "${this.desired.model}"`
  }

  #failureOf(end: Exclude<RequestEnd, Answered>): ServingError {
    if (end instanceof RunRefused)
      return new InferenceFailed({ reason: "refused", detail: end.detail })
    if (end instanceof ExecutorLost)
      return new InferenceFailed({
        reason: end.reason === "deadline" ? "deadline" : "crash",
        detail: `${this.#name}: ${end.detail}`
      })
    if (end._tag === "Unavailable") return this.notReady()
    return new InferenceFailed({
      reason: "deadline",
      detail: `no run of ${this.#name} began within ${this.#queueTime} ms`
    })
  }
}
