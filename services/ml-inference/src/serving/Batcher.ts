import {
  type Executor,
  ExecutorLost,
  type RunEnd,
  RunRefused
} from "../execution/Executors.ts"
import { answer } from "./answer.ts"
import type {
  BatcherEvents,
  BatcherOptions,
  QueueFull,
  RequestEnd,
  Waiting
} from "./batching.ts"
import { RequestQueue } from "./RequestQueue.ts"
import type { RequestTensors } from "./RequestTensors.ts"

const nothing = new Uint8Array(0)

/**
 * Joins requests to one version into runs, counted in rows. An idle executor takes at once
 * what waits; what comes while all are busy waits and goes together. Without Effect: this
 * is what every request passes.
 */
export class Batcher {
  readonly #options: BatcherOptions
  readonly #events: BatcherEvents
  readonly #queue: RequestQueue
  readonly #idle: Array<Executor> = []
  /** Whether rows of several requests may share a run; false once a model mixed them up. */
  #joining = true
  #running = 0
  #turning = false
  /** Rows a second of one executor, of late. */
  #rate = 0
  #planned: ReturnType<typeof setTimeout> | undefined
  #sweep: ReturnType<typeof setTimeout> | undefined
  #drained: Array<() => void> = []

  constructor(options: BatcherOptions, events: BatcherEvents) {
    this.#options = options
    this.#events = events
    this.#queue = new RequestQueue(options.maxRows)
  }

  /** Runs no requests together any more. */
  runAlone(): void {
    this.#joining = false
  }

  get queuedRows(): number {
    return this.#queue.rows
  }

  /** `done` is called exactly once, later, unless the request is dropped before it runs. */
  submit(
    request: RequestTensors,
    done: (end: RequestEnd) => void
  ): Waiting | QueueFull {
    const { queueBytes, queueRows, queueTime } = this.#options
    const full =
      this.#queue.rows + request.rows > queueRows ||
      this.#queue.bytes + request.bytes > queueBytes
    // Whatever the bounds, one request may wait: none would ever run otherwise.
    if (full && this.#queue.rows > 0)
      return { _tag: "QueueFull", retryAfter: this.#retryAfter() }
    const waiting: Waiting = {
      _tag: "Waiting",
      request,
      done,
      since: Bun.nanoseconds(),
      losses: 0,
      alone: !this.#joining,
      dropped: false
    }
    this.#queue.push(waiting)
    this.#sweepIn(queueTime)
    this.#plan()
    return waiting
  }

  /** Nobody waits for it any more; a run that has begun goes on. */
  drop(waiting: Waiting): void {
    waiting.dropped = true
    this.#queue.remove(waiting)
    this.#checkDrained()
  }

  /** From now on this executor takes runs, until it is lost. */
  attach(executor: Executor): void {
    this.#idle.push(executor)
    this.#pump()
  }

  detach(executor: Executor): void {
    const at = this.#idle.indexOf(executor)
    if (at !== -1) this.#idle.splice(at, 1)
  }

  /** Ends everything that waits. */
  failAll(end: RequestEnd): void {
    for (const waiting of this.#queue.takeAll()) waiting.done(end)
    this.#checkDrained()
  }

  /** Ends when nothing waits and nothing runs. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve)
      this.#checkDrained()
    })
  }

  #checkDrained(): void {
    if (this.#running > 0 || this.#queue.rows > 0) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }

  #retryAfter(): number {
    const seconds = this.#rate > 0 ? this.#queue.rows / this.#rate : 1
    return Math.min(60, Math.max(1, Math.ceil(seconds)))
  }

  #plan(): void {
    const { maxRows, window } = this.#options
    if (this.#idle.length === 0) return
    if (window === 0 || this.#queue.rows >= maxRows) this.#pumpSoon()
    else
      this.#planned ??= setTimeout(() => {
        this.#planned = undefined
        this.#pump()
      }, window)
  }

  /** What arrives in the same turn of the event loop goes in the same run. */
  #pumpSoon(): void {
    if (this.#turning) return
    this.#turning = true
    this.#options.soon(() => {
      this.#turning = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#queue.rows > 0) {
      const executor = this.#idle.pop()
      if (executor === undefined) return
      this.#run(executor, this.#queue.take())
    }
  }

  #run(executor: Executor, requests: ReadonlyArray<Waiting>): void {
    const [first] = requests
    if (first === undefined) {
      this.#idle.push(executor)
      return
    }
    let rows = 0
    for (const { request } of requests) rows += request.rows
    const startedAt = Bun.nanoseconds()
    const inputs = first.request.inputs.map(({ datatype, name, shape }, n) => ({
      name,
      datatype,
      shape: requests.length === 1 ? shape : [rows, ...shape.slice(1)],
      parts: requests.map(({ request }) => request.inputs[n]?.bytes ?? nothing)
    }))
    this.#running++
    executor.submit(inputs, first.request.outputs, (end) => {
      this.#running--
      this.#ended(executor, requests, rows, startedAt, input, end)
      this.#checkDrained()
    })
    const input = Bun.nanoseconds() - startedAt
  }

  #ended(
    executor: Executor,
    requests: ReadonlyArray<Waiting>,
    rows: number,
    startedAt: number,
    input: number,
    end: RunEnd
  ): void {
    const endedAt = Bun.nanoseconds()
    if (end instanceof ExecutorLost) {
      this.#events.lost(executor, end)
      for (const request of requests) request.losses++
      // A run changes nothing, so it may be done again; not the one that never ends.
      this.#again(requests, (request) =>
        requests.length === 1 && (end.reason === "deadline" || request.losses > 1)
          ? end
          : undefined
      )
      return
    }
    this.#events.worked()
    this.#idle.push(executor)
    if (this.#queue.rows > 0) this.#pumpSoon()
    if (end instanceof RunRefused) {
      this.#again(requests, () => (requests.length === 1 ? end : undefined))
      return
    }
    const seconds = (endedAt - startedAt) / 1e9
    this.#rate =
      this.#rate === 0 ? rows / seconds : 0.8 * this.#rate + (0.2 * rows) / seconds
    if (!answer(requests, end.outputs, { rows, startedAt, endedAt })) {
      // Its outputs have no row for each row of the inputs, whatever its signature says.
      this.#joining = false
      this.#again(requests, () => undefined)
      return
    }
    const output = Bun.nanoseconds() - endedAt
    this.#events.ran({ rows, requests, startedAt, input, infer: end.took, output })
  }

  /** Lets each of a failed run be tried alone, but for those that have an end. */
  #again(
    requests: ReadonlyArray<Waiting>,
    endOf: (request: Waiting) => RequestEnd | undefined
  ): void {
    const again: Array<Waiting> = []
    for (const request of requests) {
      if (request.dropped) continue
      const end = endOf(request)
      if (end !== undefined) request.done(end)
      else {
        request.alone = true
        again.push(request)
      }
    }
    this.#queue.pushFront(again)
    this.#pump()
    if (this.#queue.rows > 0) this.#sweepIn(this.#options.queueTime)
  }

  #dropOverdue(): void {
    this.#sweep = undefined
    const { queueTime } = this.#options
    const before = Bun.nanoseconds() - queueTime * 1e6
    for (const request of this.#queue.takeBefore(before))
      request.done({ _tag: "Overdue" })
    const oldest = this.#queue.oldest
    if (oldest !== undefined) this.#sweepIn(Math.max(1, (oldest - before) / 1e6))
    this.#checkDrained()
  }

  #sweepIn(time: number): void {
    this.#sweep ??= setTimeout(() => this.#dropOverdue(), time)
  }
}
