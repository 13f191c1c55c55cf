import { Cause, Effect, Option } from "effect"
import { away, failedPage } from "./problemPages.ts"

/** Nobody looks at a blank page for longer; what was asked meanwhile is kept by then. */
const LONGEST = "60 seconds"

/** A page in any case: for people, what went wrong is a page too. */
export const guarded = <E, R>(
  page: Effect.Effect<Response, E, R>
): Effect.Effect<Response, never, R> =>
  page.pipe(
    Effect.timeoutOption(LONGEST),
    Effect.map(Option.getOrElse(() => away("It takes longer than a minute."))),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.as(Effect.logError("a page could not be made", cause), failedPage())
    )
  )
