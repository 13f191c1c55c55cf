import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Schema, Stream } from "effect"
import { away } from "./away.ts"
import { Format } from "./ExportPayload.ts"

/** One file of an export, as it lies in the object store. */
export const ExportedFile = Schema.Struct({
  name: Schema.String,
  rows: Schema.Int,
  bytes: Schema.Int,
  sha256: Schema.String.annotate({ description: "hex, of the file as it is stored" })
})
export type ExportedFile = typeof ExportedFile.Type

/** A column of the files, and what is in it; any may be empty. */
export const ExportedColumn = Schema.Struct({
  name: Schema.String,
  type: Schema.Literals(["string", "number", "boolean", "timestamp", "json"])
})

/** `manifest.json`: what an export holds. It is written last, so its export is complete. */
export const Manifest = Schema.Struct({
  format: Format,
  compression: Schema.Literals(["none", "gzip"]),
  what: Schema.Unknown,
  columns: Schema.Array(ExportedColumn),
  watermark: Schema.String.annotate({
    description: "Everything that was known by then, and nothing else"
  }),
  files: Schema.Array(ExportedFile),
  rows: Schema.Int,
  bytes: Schema.Int
})
export type Manifest = typeof Manifest.Type

export const MANIFEST = "manifest.json"

/** Where the files of an export lie. */
export const folderOf = (projectId: number, jobId: string): string =>
  `exports/${projectId}/${jobId}/`

const encode = Schema.encodeSync(Manifest)

/** Says that all files are there. */
export const writeManifest = Effect.fn("Export.writeManifest")(function* (
  folder: string,
  manifest: Manifest
) {
  const store = yield* ObjectStore
  const text = `${JSON.stringify(encode(manifest), undefined, 2)}\n`
  yield* store
    .put(folder + MANIFEST, Stream.make(Buffer.from(text)))
    .pipe(Effect.mapError(away))
})
