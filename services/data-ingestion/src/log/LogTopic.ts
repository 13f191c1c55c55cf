import { Context, type Effect } from "effect"
import type { LogUnavailable } from "../inbox/EventLog.ts"

/** What is appended: a frame of lines, and what is known of it, as JSON. */
export interface LogEntry {
  readonly about: string
  readonly frame: Uint8Array
}

export interface LogMessage {
  readonly offset: bigint
  /** Absent of what somebody else wrote. */
  readonly about: string | undefined
  readonly frame: Uint8Array
}

/** Messages of one partition, in their order. */
export interface Fetched {
  readonly partition: number
  /** The offset that was asked for: there is nothing between it and the first message. */
  readonly from: bigint
  readonly messages: ReadonlyArray<LogMessage>
}

/** What a partition holds: offsets from the first to before the second. */
interface Extent {
  readonly partition: number
  readonly low: bigint
  readonly end: bigint
}

/** A topic of a durable log: partitions of messages with growing offsets. */
export class LogTopic extends Context.Service<
  LogTopic,
  {
    readonly name: string
    /** Ends once all replicas that must have them do. Some may be there after a failure. */
    send(entries: ReadonlyArray<LogEntry>): Effect.Effect<void, LogUnavailable>
    /**
     * Takes its share of the partitions, and hands over what they hold, one call of a
     * partition at a time.
     *
     * @param handle answers the offset with which to go on; what fails is handed over again
     */
    consume<E, R>(
      handle: (fetched: Fetched) => Effect.Effect<bigint, E, R>
    ): Effect.Effect<never, LogUnavailable, R>
    readonly extents: Effect.Effect<ReadonlyArray<Extent>, LogUnavailable>
  }
>()("@analytics/data-ingestion/log/LogTopic") {}
