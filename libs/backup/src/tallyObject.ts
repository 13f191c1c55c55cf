import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect } from "effect"
import { BackupRefused, reasonOf } from "./BackupError.ts"
import { linesOf } from "./Dump.ts"
import { digestText, emptyTally, tallied } from "./Lines.ts"
import type { DumpedObject } from "./Manifest.ts"

/** Fails unless these lines are those that were dumped, in whatever order. */
export const expectSame = Effect.fnUntraced(function* (
  object: DumpedObject,
  lines: AsyncIterable<Uint8Array>,
  where: string
) {
  const tally = emptyTally()
  yield* Effect.tryPromise({
    try: async () => {
      for await (const _ of tallied(lines, tally));
    },
    catch: (cause) =>
      new BackupRefused({
        detail: `${where} of ${object.key} cannot be read: ${reasonOf(cause)}`
      })
  })
  if (tally.rows !== object.rows || digestText(tally) !== object.digest)
    return yield* new BackupRefused({
      detail: `${where} of ${object.key} has ${tally.rows} rows (${digestText(tally)}), ${object.rows} (${object.digest}) were dumped.`
    })
})

/** Reads an object from its first to its last byte. */
export const checkObject = Effect.fn("Backup.checkObject")(function* (
  object: DumpedObject
): Effect.fn.Return<void, BackupRefused, ObjectStore> {
  yield* expectSame(object, yield* linesOf(object.key), "The copy")
})
