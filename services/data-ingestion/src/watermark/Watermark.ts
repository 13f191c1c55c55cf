import { Clock, Context, Effect, Layer, Semaphore } from "effect"
import { type Published, WatermarkRepo } from "./WatermarkRepo.ts"
import { WatermarkUnavailable } from "./WatermarkUnavailable.ts"

export interface Answer extends Published {
  /** Age of the oldest event that was acknowledged and cannot be queried yet. */
  readonly ingestLagMs: number
}

/**
 * Up to which `knownAt` everything is stored. No event is ever stored at or below a
 * watermark that was told: the loader seals above it.
 */
export class Watermark extends Context.Service<
  Watermark,
  { readonly current: Effect.Effect<Answer, WatermarkUnavailable> }
>()("@analytics/data-ingestion/watermark/Watermark") {
  static readonly layer = Layer.effect(
    Watermark,
    Effect.gen(function* () {
      const repo = yield* WatermarkRepo
      const oldestPending = yield* Effect.cachedWithTTL(repo.oldestPending, "1 second")
      const publish = yield* shared(repo.told)
      return Watermark.of({
        current: Effect.gen(function* () {
          const published = yield* publish
          const oldest = yield* oldestPending
          const now = yield* Clock.currentTimeMillis
          const ingestLagMs = oldest === null ? 0 : Math.max(0, now - oldest.getTime())
          return { ...published, ingestLagMs }
        }).pipe(
          Effect.catchTag("SqlError", (error) =>
            Effect.logError("no watermark", error).pipe(
              Effect.andThen(
                Effect.fail(
                  new WatermarkUnavailable({ detail: "Postgres does not answer." })
                )
              )
            )
          ),
          Effect.withSpan("Watermark.current")
        )
      })
    })
  )
}

/**
 * Lets those who ask at the same time share an answer, but only one whose work began
 * after they asked: an older one might not cover what was stored before.
 */
export const shared = <A, E>(
  work: Effect.Effect<A, E>
): Effect.Effect<Effect.Effect<A, E>> =>
  Effect.sync(() => {
    const turn = Semaphore.makeUnsafe(1)
    let begun = 0
    let latest: { readonly begun: number; readonly answer: A } | undefined
    return Effect.suspend(() => {
      const asked = begun
      return turn.withPermits(1)(
        Effect.suspend(() => {
          if (latest !== undefined && latest.begun > asked)
            return Effect.succeed(latest.answer)
          const mine = ++begun
          return Effect.tap(work, (answer) =>
            Effect.sync(() => {
              latest = { begun: mine, answer }
            })
          )
        })
      )
    })
  })
