import { type Context, Deferred, Effect, type Exit, Fiber } from "effect"

interface Flight<A, E> {
  readonly landed: Deferred.Deferred<A, E>
  readonly start: Effect.Effect<Fiber.Fiber<void>>
  fiber: Fiber.Fiber<void> | undefined
  waiting: number
}

interface Lane<A, E> {
  flying: Flight<A, E>
  next: Flight<A, E> | undefined
}

/**
 * Runs what is asked under one key once for all who ask at the same time. Whoever comes
 * while it runs waits for the next run, which they all share: what they get began after
 * they asked. A run ends when nobody waits for it any more.
 */
export const singleFlight = <A, E>() => {
  const lanes = new Map<string, Lane<A, E>>()

  const land = (key: string, flight: Flight<A, E>, exit: Exit.Exit<A, E>) =>
    Effect.suspend(() => {
      const lane = lanes.get(key)
      const done = Deferred.done(flight.landed, exit)
      if (lane?.flying !== flight) return done
      if (lane.next === undefined) {
        lanes.delete(key)
        return done
      }
      lane.flying = lane.next
      lane.next = undefined
      return Effect.andThen(done, launch(lane.flying))
    })

  const launch = (flight: Flight<A, E>) =>
    Effect.map(flight.start, (fiber) => {
      flight.fiber = fiber
    })

  const prepare = <R>(
    key: string,
    effect: Effect.Effect<A, E, R>,
    context: Context.Context<R>
  ): Flight<A, E> => {
    const flight: Flight<A, E> = {
      landed: Deferred.makeUnsafe(),
      start: Effect.suspend(() =>
        effect.pipe(
          Effect.provideContext(context),
          Effect.interruptible,
          Effect.exit,
          Effect.flatMap((exit) => land(key, flight, exit)),
          Effect.asVoid,
          // Also before its first step: others may wait for it to land.
          Effect.forkDetach({ uninterruptible: true })
        )
      ),
      fiber: undefined,
      waiting: 1
    }
    return flight
  }

  /** Nobody else may come in between, so that this is no program of several steps. */
  const board = (key: string, prepared: Flight<A, E>): Flight<A, E> => {
    const lane = lanes.get(key)
    if (lane === undefined) {
      lanes.set(key, { flying: prepared, next: undefined })
      return prepared
    }
    if (lane.next === undefined) lane.next = prepared
    else lane.next.waiting++
    return lane.next
  }

  const leave = (key: string, flight: Flight<A, E>) =>
    Effect.suspend(() => {
      if (--flight.waiting > 0) return Effect.void
      const lane = lanes.get(key)
      if (lane?.next === flight) lane.next = undefined
      return flight.fiber === undefined ? Effect.void : Fiber.interrupt(flight.fiber)
    })

  return <R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const flight = board(key, prepare(key, effect, yield* Effect.context<R>()))
        if (lanes.get(key)?.flying === flight && flight.fiber === undefined)
          yield* launch(flight)
        return yield* restore(Deferred.await(flight.landed)).pipe(
          Effect.ensuring(leave(key, flight))
        )
      })
    )
}
