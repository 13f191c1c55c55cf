import type { NativeEvent, Values } from "./NativeEvent.ts"
import type { Platform } from "./Platform.ts"

/** Whether events may leave; `pending` keeps them in memory until somebody decides. */
export type Consent = "pending" | "granted" | "denied"

/** What became of events that the service does not have. */
export interface Trouble {
  /**
   * - `full`: more events waited than may.
   * - `unusable`: it cannot be written as JSON, or names nobody.
   * - `rejected`: the service took the request but not these events; `detail` says why.
   * - `refused`: the service takes no such request: `status` 400, 401, 403, 413 …
   * - `exhausted`: the service did not answer, or was busy, `retries` times.
   * - `closed`: the client ended before they could be sent.
   */
  readonly kind: "full" | "unusable" | "rejected" | "refused" | "exhausted" | "closed"
  readonly detail: string
  readonly status?: number
  readonly events: ReadonlyArray<NativeEvent>
}

/** Where a device keeps its id and what is not sent yet: `localStorage` is one. */
export interface Store {
  readonly length: number
  readonly key: (index: number) => string | null
  readonly getItem: (name: string) => string | null
  readonly setItem: (name: string, value: string) => void
  readonly removeItem: (name: string) => void
}

export interface ClientOptions {
  /** Of data-ingestion, such as `https://events.example.com`. */
  readonly url: string
  /** A write key. */
  readonly key: string
  /**
   * `server` speaks for many people, and every event names whom. `device` speaks for one:
   * it remembers who was identified and has an id of its own, and sends to a path that
   * needs no preflight. Default: `device` where there is a document.
   */
  readonly mode?: "server" | "device"
  /** Default `granted` on a server, `pending` on a device. */
  readonly consent?: Consent
  /** Of a device, used while consent is granted; nothing is kept without it. */
  readonly store?: Store
  /** Put into the `context` of every event. */
  readonly context?: Values
  /** The most events that wait; default 10,000. */
  readonly maxQueue?: number
  /** The most bytes that wait; default 16 MiB. */
  readonly maxQueueBytes?: number
  /** Which event goes when there is no room; default `oldest`. */
  readonly drop?: "oldest" | "newest"
  /** The most events of a request; default 100. */
  readonly maxBatch?: number
  /** The most bytes of a request; default 400,000, on a device 60,000. */
  readonly maxBatchBytes?: number
  /** So many events are sent at once; default 20. */
  readonly flushAt?: number
  /** Milliseconds that an event waits for others; default 1000. */
  readonly flushInterval?: number
  /** Milliseconds in which a request must be answered; default 10,000. */
  readonly timeout?: number
  /** How often a request is sent again before its events are given up; default 10. */
  readonly retries?: number
  /** Milliseconds before the first retry, doubled each time; default 500. */
  readonly backoff?: number
  /** The most milliseconds between two tries, but for `Retry-After`; default 60,000. */
  readonly maxBackoff?: number
  readonly onError?: (trouble: Trouble) => void
  /** Time, network and page; what the runtime has by default. */
  readonly platform?: Partial<Platform>
}
