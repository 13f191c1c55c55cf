import { Effect, Schema } from "effect"

const decode = Schema.decodeEffect(Schema.fromJsonString(Schema.Array(Schema.String)))

/** What the renderer answers as `blocks`. */
export const readBlocks = (bytes: Uint8Array): Effect.Effect<ReadonlyArray<string>> =>
  // Our own renderer wrote it.
  Effect.orDie(decode(new TextDecoder().decode(bytes)))
