import { Effect, Layer } from "effect"
import { LogUnavailable } from "../../src/inbox/EventLog.ts"
import { type LogMessage, LogTopic } from "../../src/log/LogTopic.ts"

/** A topic of one partition in memory, as unreliable as a test asks for. */
export class MemoryTopic {
  readonly messages: Array<LogMessage> = []
  low = 0n
  end = 0n
  /** What becomes of a send: kept and confirmed, kept only, or neither. */
  sends: "confirmed" | "unconfirmed" | "refused" = "confirmed"

  add(about: string | undefined, frame: Uint8Array): void {
    this.messages.push({ offset: this.end++, about, frame })
  }

  /** Retention removes what is older. */
  removeBefore(offset: bigint): void {
    this.low = offset
    while ((this.messages[0]?.offset ?? offset) < offset) this.messages.shift()
  }

  /** Somebody deletes it and makes another of the same name. */
  replace(): void {
    this.messages.length = 0
    this.low = 0n
    this.end = 0n
  }

  get layer() {
    return Layer.succeed(LogTopic, {
      name: "memory",
      send: (entries) =>
        Effect.suspend(() => {
          if (this.sends !== "refused")
            for (const { about, frame } of entries) this.add(about, frame)
          return this.sends === "confirmed"
            ? Effect.void
            : Effect.fail(new LogUnavailable({ reason: this.sends }))
        }),
      consume: () => Effect.never,
      extents: Effect.sync(() => [{ partition: 0, low: this.low, end: this.end }])
    })
  }

  /** What a consumer at `from` gets; at the start of the log if that is gone. */
  fetch(from: bigint, most = 1000) {
    const at = from < this.low ? this.low : from
    return {
      partition: 0,
      from: at,
      messages: this.messages.filter(({ offset }) => offset >= at).slice(0, most)
    }
  }
}
