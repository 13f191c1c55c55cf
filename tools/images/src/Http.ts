import { Effect, Schema } from "effect"
import { ImagesFailed } from "./ImagesFailed.ts"

/** Sends JSON with a bearer key; fails unless the answer has a status of 200 to 299. */
export const call = Effect.fn("Http.call")(function* (
  method: "GET" | "POST",
  url: string,
  key: string,
  body?: unknown
) {
  return yield* Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, {
        method,
        signal,
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const bytes = await response.bytes()
      if (!response.ok)
        throw new Error(`answered ${response.status} ${Buffer.from(bytes)}`)
      return bytes
    },
    catch: (error) =>
      new ImagesFailed({ message: `${method} ${url}: ${String(error).slice(0, 2000)}` })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "2 minutes",
      orElse: () =>
        Effect.fail(new ImagesFailed({ message: `${method} ${url} is silent` }))
    })
  )
})

/** Reads an answer; a wrong one names itself. */
export const decode =
  <A>(schema: Schema.Codec<A>, what: string) =>
  (bytes: Uint8Array) =>
    Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(
      Buffer.from(bytes).toString()
    ).pipe(
      Effect.mapError(
        ({ message }) =>
          new ImagesFailed({
            message: `${what}: ${message}\n${Buffer.from(bytes).toString().slice(0, 1000)}`
          })
      )
    )
