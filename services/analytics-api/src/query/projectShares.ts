import { Effect, Option, Semaphore } from "effect"

/** What one project, or one group of its queries, may have of a process. */
export interface Share {
  /** Queries that run at once. */
  readonly running: number
  /** Queries that run or wait. */
  readonly admitted: number
}

interface Held {
  readonly running: Semaphore.Semaphore
  admitted: number
}

/**
 * Runs effects within the share of their project; none when the project has used it up.
 * A project costs memory only while it asks.
 */
export const projectShares = <Name extends string | number>({
  admitted,
  running
}: Share) => {
  const projects = new Map<Name, Held>()

  const enter = (project: Name): Option.Option<Held> => {
    const held = projects.get(project) ?? {
      running: Semaphore.makeUnsafe(running),
      admitted: 0
    }
    if (held.admitted >= admitted) return Option.none()
    held.admitted++
    projects.set(project, held)
    return Option.some(held)
  }

  const leave = (project: Name, held: Held) => {
    held.admitted--
    if (held.admitted === 0) projects.delete(project)
  }

  return <A, E, R>(
    project: Name,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<Option.Option<A>, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => enter(project)),
      (entered) =>
        Option.isNone(entered)
          ? Effect.succeedNone
          : Effect.asSome(entered.value.running.withPermit(effect)),
      (entered) =>
        Effect.sync(() => {
          if (Option.isSome(entered)) leave(project, entered.value)
        })
    )
}
