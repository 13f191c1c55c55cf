import { open } from "node:fs/promises"
import { join } from "node:path"
import type { Statement } from "@analytics/analytics-core/query/Compiled"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ROWS_FORMAT } from "@analytics/ml-models/features/featureRows"
import { Effect, Stream } from "effect"
import { JobFailed, type JobUnavailable } from "../../jobs/JobType.ts"
import { away } from "../export/away.ts"
import { LONGEST_READ } from "../models/rowBatches.ts"
import { noRoom } from "./workFolder.ts"

/**
 * Writes the rows of some statements into a file, one after the other, as the store sends
 * them: nothing of them is looked at, or held, in this process.
 *
 * @param room bytes that may be written
 * @returns bytes that were written
 */
export const writeRows = Effect.fn("Train.writeRows")(function* (
  folder: string,
  name: string,
  statements: ReadonlyArray<Statement>,
  room: number
) {
  const clickhouse = yield* ClickHouse
  const path = join(folder, name)
  const file = yield* Effect.acquireRelease(
    Effect.tryPromise({ try: () => open(path, "w"), catch: noRoom }),
    (opened) => Effect.promise(() => opened.close())
  )
  let bytes = 0
  for (const { params, sql } of statements)
    yield* clickhouse
      .stream(sql, { params, format: ROWS_FORMAT, timeout: LONGEST_READ })
      .pipe(
        Stream.mapError(away),
        Stream.runForEach((chunk): Effect.Effect<void, JobFailed | JobUnavailable> => {
          bytes += chunk.byteLength
          return bytes > room
            ? Effect.fail(tooLarge)
            : Effect.tryPromise({ try: () => writeAll(file, chunk), catch: noRoom })
        })
      )
  return { path, bytes }
}, Effect.scoped)

const tooLarge = new JobFailed({
  detail:
    "There are more rows than one training can hold. Take a share of the people (`sample`: 0.2), fewer `cuts` or fewer features."
})

const writeAll = async (
  file: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array
): Promise<void> => {
  for (let at = 0; at < chunk.byteLength; )
    at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten
}
