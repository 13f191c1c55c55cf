import { BatchConfig } from "@analytics/config/BatchConfig"
import { Context, Effect, Layer, Semaphore } from "effect"

const MIB = 1024 * 1024

/** What the jobs of this runner may hold together. */
export class Memory extends Context.Service<
  Memory,
  {
    /**
     * Waits until so many MiB are free. A job that wants more than there is gets all of it,
     * and runs alone.
     */
    withMiB(
      amount: number
    ): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("@analytics/batch-processor/jobs/Memory") {
  static readonly layer = Layer.effect(
    Memory,
    Effect.gen(function* () {
      const { memory } = yield* BatchConfig
      const all = Math.max(1, Math.floor(memory / MIB))
      const free = yield* Semaphore.make(all)
      return Memory.of({
        withMiB: (amount) => Semaphore.withPermits(free, Math.min(amount, all))
      })
    })
  )
}
