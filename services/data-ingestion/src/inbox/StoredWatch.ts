import { Context, Effect, Layer, Schedule } from "effect"
import { InboxRepo } from "./InboxRepo.ts"

interface Waiter {
  readonly ids: Set<bigint>
  readonly until: number
  readonly answer: (stored: boolean) => void
}

const INTERVAL = "50 millis"

/** Requests that may wait at the same time; further ones are answered without waiting. */
const MAX_WAITERS = 1000

/** Tells when acknowledged events are stored, for clients that ask to wait. */
export class StoredWatch extends Context.Service<
  StoredWatch,
  {
    /** Whether all rows were loaded within so many seconds. Never rejects. */
    stored(rowIds: ReadonlySet<bigint>, seconds: number): Promise<boolean>
  }
>()("@analytics/data-ingestion/inbox/StoredWatch") {
  /** One question to Postgres for everybody who waits, and none when nobody does. */
  static readonly layer = Layer.effect(
    StoredWatch,
    Effect.gen(function* () {
      const repo = yield* InboxRepo
      const waiters = new Set<Waiter>()

      const check = Effect.gen(function* () {
        if (waiters.size === 0) return
        const ids = [...new Set([...waiters].flatMap((waiter) => [...waiter.ids]))]
        const unfinished = yield* repo.unfinished(ids).pipe(
          // Not known is not stored; who waits too long is told so.
          Effect.orElseSucceed(() => new Set(ids))
        )
        const now = performance.now()
        for (const waiter of waiters) {
          for (const id of waiter.ids) if (!unfinished.has(id)) waiter.ids.delete(id)
          if (waiter.ids.size > 0 && now < waiter.until) continue
          waiters.delete(waiter)
          waiter.answer(waiter.ids.size === 0)
        }
      })
      yield* check.pipe(Effect.repeat(Schedule.spaced(INTERVAL)), Effect.forkScoped)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const waiter of waiters) waiter.answer(false)
        })
      )

      return StoredWatch.of({
        stored: (rowIds, seconds) => {
          if (rowIds.size === 0) return Promise.resolve(true)
          if (waiters.size >= MAX_WAITERS) return Promise.resolve(false)
          const until = performance.now() + seconds * 1000
          return new Promise((answer) => {
            waiters.add({ ids: new Set(rowIds), until, answer })
          })
        }
      })
    })
  )
}
