import { readFile } from "node:fs/promises"
import { Effect } from "effect"
import { Refused } from "./ApiClient.ts"

/** Text of the argument itself, of a file (`@file`), or of standard input (`-`). */
export const givenText = (given: string) =>
  given === "-" || given.startsWith("@")
    ? Effect.tryPromise({
        try: () => readFile(given === "-" ? "/dev/stdin" : given.slice(1), "utf8"),
        catch: () => new Refused({ status: 0, message: `${given} cannot be read` })
      })
    : Effect.succeed(given)
