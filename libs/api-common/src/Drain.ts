import { Context, Effect } from "effect"

/**
 * What a process has begun beside its requests, so that it can end in between: answers that
 * somebody will ask for later, messages that are being handed over.
 */
export interface Drain {
  /** The work as it is; a process that is told to end waits for it. */
  readonly holds: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The same, for a loop: once the process is told to end, none begins and it waits for ever. */
  readonly takesUp: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** From now on nothing is taken up. */
  readonly begin: Effect.Effect<void>
  /** Waits until no work is held. */
  readonly settled: Effect.Effect<void>
}

export const makeDrain = (): Drain => {
  let begun = false
  let open = 0
  const waiting = new Set<() => void>()

  const holds: Drain["holds"] = (work) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        open++
      }),
      () => work,
      () =>
        Effect.sync(() => {
          open--
          if (open === 0) for (const resume of waiting) resume()
        })
    )

  return {
    holds,
    takesUp: (work) => Effect.suspend(() => (begun ? Effect.never : holds(work))),
    begin: Effect.sync(() => {
      begun = true
    }),
    settled: Effect.callback((resume) => {
      if (open === 0) return resume(Effect.void)
      const settle = () => {
        waiting.delete(settle)
        resume(Effect.void)
      }
      waiting.add(settle)
      return Effect.sync(() => waiting.delete(settle))
    })
  }
}

const nobody: Drain = {
  holds: (work) => work,
  takesUp: (work) => work,
  begin: Effect.void,
  settled: Effect.void
}

/** The one of the process, as `serve` provides it; elsewhere nobody waits for anything. */
export const Drain = Context.Reference<Drain>("@analytics/api-common/Drain", {
  defaultValue: () => nobody
})
