import { Context, Effect, Layer, Schedule } from "effect"
import { InboxRepo } from "./InboxRepo.ts"

interface Waiter {
  readonly projectId: number
  readonly ids: Set<bigint>
  readonly until: number
  readonly answer: (stored: boolean) => void
}

const INTERVAL = "50 millis"

/** Requests that may wait at the same time; further ones are answered without waiting. */
const MAX_WAITERS = 1000

/** The same of one project, so that no project takes the places of all. */
const MAX_PROJECT_WAITERS = 100

/** Rows in one question to Postgres; who waits for others has the next turn. */
const MAX_ROWS = 2000

/** Tells when acknowledged events are stored, for clients that ask to wait. */
export class StoredWatch extends Context.Service<
  StoredWatch,
  {
    /** Whether all rows were loaded within so many seconds. Never rejects. */
    stored(
      projectId: number,
      rowIds: ReadonlySet<bigint>,
      seconds: number
    ): Promise<boolean>
  }
>()("@analytics/data-ingestion/inbox/StoredWatch") {
  /** One question to Postgres for everybody who waits, and none when nobody does. */
  static readonly layer = Layer.effect(
    StoredWatch,
    Effect.gen(function* () {
      const repo = yield* InboxRepo
      const waiters = new Set<Waiter>()

      const waitersOf = new Map<number, number>()

      const leave = (waiter: Waiter, stored: boolean) => {
        waiters.delete(waiter)
        const others = (waitersOf.get(waiter.projectId) ?? 0) - 1
        if (others > 0) waitersOf.set(waiter.projectId, others)
        else waitersOf.delete(waiter.projectId)
        waiter.answer(stored)
      }

      /** The waiters whose turn it is; afterwards they are the last ones. */
      const turn = (): ReadonlyArray<Waiter> => {
        const chosen: Array<Waiter> = []
        let rows = 0
        for (const waiter of waiters) {
          if (rows > 0 && rows + waiter.ids.size > MAX_ROWS) break
          rows += waiter.ids.size
          chosen.push(waiter)
        }
        for (const waiter of chosen) {
          waiters.delete(waiter)
          waiters.add(waiter)
        }
        return chosen
      }

      const check = Effect.gen(function* () {
        if (waiters.size === 0) return
        const asked = turn()
        const ids = [...new Set(asked.flatMap((waiter) => [...waiter.ids]))]
        const unfinished = yield* repo.unfinished(ids).pipe(
          // Not known is not stored; who waits too long is told so.
          Effect.orElseSucceed(() => new Set(ids))
        )
        for (const waiter of asked) {
          for (const id of waiter.ids) if (!unfinished.has(id)) waiter.ids.delete(id)
          if (waiter.ids.size === 0) leave(waiter, true)
        }
        const now = performance.now()
        for (const waiter of waiters) if (now >= waiter.until) leave(waiter, false)
      })
      yield* check.pipe(Effect.repeat(Schedule.spaced(INTERVAL)), Effect.forkScoped)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const waiter of waiters) waiter.answer(false)
        })
      )

      return StoredWatch.of({
        stored: (projectId, rowIds, seconds) => {
          if (rowIds.size === 0) return Promise.resolve(true)
          const own = waitersOf.get(projectId) ?? 0
          if (waiters.size >= MAX_WAITERS || own >= MAX_PROJECT_WAITERS)
            return Promise.resolve(false)
          waitersOf.set(projectId, own + 1)
          const until = performance.now() + seconds * 1000
          return new Promise((answer) => {
            waiters.add({ projectId, ids: new Set(rowIds), until, answer })
          })
        }
      })
    })
  )
  /** Of events that are not in the inbox yet when they are acknowledged. */
  static readonly blind = Layer.succeed(StoredWatch, {
    stored: () => Promise.resolve(false)
  })
}
