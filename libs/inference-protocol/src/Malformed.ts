import { Result, Schema } from "effect"

/** A message that cannot be read, or values that its wire cannot carry. */
export class Malformed extends Schema.TaggedError<Malformed>()("Malformed", {
  /** Names the field, as `inputs[0].data[3]`, and says what it has to be. */
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail
  }
}

/** Ends whatever reads or writes a message; `attempt` gives it to the caller. */
export function refuse(detail: string): never {
  throw new Malformed({ detail })
}

/** What `make` returns, or the `Malformed` that it throws. */
export const attempt = <A>(make: () => A): Result.Result<A, Malformed> => {
  try {
    return Result.succeed(make())
  } catch (error) {
    if (error instanceof Malformed) return Result.fail(error)
    throw error
  }
}
