import { Effect } from "effect"
import { NotReady } from "./Part.ts"

/** One look at `/readyz`. */
export const readyz = (url: string): Effect.Effect<void, NotReady> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(`${url}/readyz`, { signal })
      if (!response.ok) {
        const body = await response.text()
        throw new Error(`answered ${response.status} ${body.slice(0, 300)}`)
      }
    },
    catch: (error) =>
      new NotReady({
        message: `GET ${url}/readyz ${error instanceof Error ? error.message : error}`
      })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "2 seconds",
      orElse: () =>
        Effect.fail(new NotReady({ message: `GET ${url}/readyz did not answer` }))
    })
  )
