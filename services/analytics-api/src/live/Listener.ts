import { Effect, Queue, Stream } from "effect"
import type { LiveMessage } from "./LiveMessage.ts"

/** Messages a connection may be behind. */
export const MAX_BEHIND = 1000

/**
 * One connection: a bounded queue. What does not fit is counted and told as soon as
 * there is room, so that a slow reader costs neither memory nor anybody's time.
 */
export class Listener {
  readonly #queue: Queue.Queue<LiveMessage>
  #dropped = 0

  private constructor(queue: Queue.Queue<LiveMessage>) {
    this.#queue = queue
  }

  static readonly make = Effect.map(
    Effect.acquireRelease(
      Queue.make<LiveMessage>({ capacity: MAX_BEHIND, strategy: "dropping" }),
      Queue.shutdown
    ),
    (queue) => new Listener(queue)
  )

  offer(message: LiveMessage): void {
    if (this.#dropped > 0) {
      const notice = { _tag: "dropped", events: this.#dropped } as const
      if (Queue.offerUnsafe(this.#queue, notice)) this.#dropped = 0
    }
    if (message._tag === "dropped") this.#dropped += message.events
    else if (this.#dropped > 0 || !Queue.offerUnsafe(this.#queue, message))
      this.#dropped += message._tag === "event" ? 1 : 0
  }

  get messages(): Stream.Stream<LiveMessage> {
    return Stream.fromQueue(this.#queue)
  }
}
