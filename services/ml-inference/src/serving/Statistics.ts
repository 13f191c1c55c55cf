import type { RunTimes } from "./batching.ts"
import type { VersionStatistics } from "./Serving.ts"

interface Count {
  count: number
  ns: number
}

/** Sizes of runs that are told apart: callers choose those of requests that run alone. */
const mostSizes = 1024

const none = (): Count => ({ count: 0, ns: 0 })

const add = (to: Count, ns: number, count = 1): void => {
  to.count += count
  to.ns += ns
}

/** What one version did since it was loaded. */
export class Statistics {
  #lastInference = 0
  #inferences = 0
  #executions = 0
  readonly #success = none()
  readonly #fail = none()
  readonly #queue = none()
  readonly #input = none()
  readonly #infer = none()
  readonly #output = none()
  readonly #batches = new Map<number, Count>()

  ran({ infer, input, output, requests, rows, startedAt }: RunTimes): void {
    this.#lastInference = Date.now()
    this.#inferences += rows
    this.#executions++
    const endedAt = Bun.nanoseconds()
    for (const { since } of requests) {
      add(this.#success, endedAt - since)
      add(this.#queue, startedAt - since)
    }
    // Each request took part in all of the run, as the protocol's figures have it.
    add(this.#input, input, requests.length)
    add(this.#infer, infer, requests.length)
    add(this.#output, output, requests.length)
    const known = this.#batches.get(rows)
    if (known === undefined && this.#batches.size >= mostSizes) return
    const batch = known ?? none()
    add(batch, infer)
    this.#batches.set(rows, batch)
  }

  /** `ns`: how long it took until the request failed. */
  failed(ns: number): void {
    add(this.#fail, ns)
  }

  of(name: string, version: number): VersionStatistics {
    return {
      name,
      version: String(version),
      lastInference: this.#lastInference,
      inferenceCount: this.#inferences,
      executionCount: this.#executions,
      success: { ...this.#success },
      fail: { ...this.#fail },
      queue: { ...this.#queue },
      computeInput: { ...this.#input },
      computeInfer: { ...this.#infer },
      computeOutput: { ...this.#output },
      batches: [...this.#batches]
        .sort(([one], [other]) => one - other)
        .map(([size, infer]) => ({ size, infer: { ...infer } }))
    }
  }
}
