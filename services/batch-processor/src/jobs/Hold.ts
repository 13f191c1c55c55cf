import { Context, type Deferred } from "effect"
import type { Lease } from "./RunRepo.ts"
import type { Stop } from "./Stop.ts"

/** A run in the hands of this process. */
export interface Hold {
  readonly lease: Lease
  /** Milliseconds that its steps may take together. */
  readonly timeLimit: number
  /** It has no memory yet, and until then no time passes for it. */
  waits: boolean
  /** Done when the run has to stop. */
  readonly stop: Deferred.Deferred<Stop>
}

/**
 * By which lease a step writes. A run that this runner lost and got back may go on in a step
 * that began under the older one, with the new one's writes.
 */
export const CurrentHold = Context.Reference<Hold | undefined>(
  "@analytics/batch-processor/jobs/CurrentHold",
  { defaultValue: () => undefined }
)
