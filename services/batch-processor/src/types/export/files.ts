import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Option, Stream } from "effect"
import { type JobFailed, JobUnavailable } from "../../jobs/JobType.ts"
import { away } from "./away.ts"
import type { Format } from "./ExportPayload.ts"
import { gzipped } from "./gzipped.ts"
import type { ExportedFile } from "./Manifest.ts"

interface Shape {
  readonly format: Format
  readonly compression: "none" | "gzip"
}

/** `events-00001.csv.gz`; numbers count from 1, so that names are in the order of the files. */
export const fileName = (
  of: string,
  index: number,
  { compression, format }: Shape
): string =>
  `${of}-${String(index + 1).padStart(5, "0")}.${format}${compression === "gzip" ? ".gz" : ""}`

/** Writes a file of an export; one that was there is replaced. */
export const writeFile = Effect.fn("Export.writeFile")(function* <R>(
  key: string,
  { compression }: Shape,
  bytes: Stream.Stream<Uint8Array, Parameters<typeof away>[0], R>
) {
  const store = yield* ObjectStore
  return yield* store
    .put(key, compression === "gzip" ? gzipped(bytes) : bytes)
    .pipe(Effect.mapError(away))
})

/** Whether a file still is what was written. */
export const isThere = (
  folder: string,
  { bytes, name }: ExportedFile
): Effect.Effect<boolean, JobFailed | JobUnavailable, ObjectStore> =>
  Effect.flatMap(ObjectStore, (store) => store.head(folder + name)).pipe(
    Effect.map((found) => Option.isSome(found) && found.value.bytes === bytes),
    Effect.mapError(away)
  )

/** Takes back everything an export has written. */
export const removeAll = Effect.fn("Export.removeAll")(
  function* (folder: string) {
    const store = yield* ObjectStore
    yield* Stream.runForEach(store.list(folder), ({ key }) => store.remove(key))
  },
  Effect.mapError(
    ({ detail }) => new JobUnavailable({ what: "The object store", detail })
  )
)
