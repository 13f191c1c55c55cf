import { Schema } from "effect"

/** One table, or one partition of it, as lines of text in a zstd frame. */
export const DumpedObject = Schema.Struct({
  store: Schema.Literals(["postgres", "clickhouse"]),
  /** `control.projects`; `events`. */
  table: Schema.String,
  columns: Schema.Array(Schema.String),
  key: Schema.String,
  bytes: Schema.Int,
  /** Hex, of the object as it lies in the store. */
  sha256: Schema.String,
  rows: Schema.Int,
  /** The sum of the hashes of all lines: the same in whatever order they come. */
  digest: Schema.String
})
export type DumpedObject = typeof DumpedObject.Type

/** Versions of the migrations that a store has. */
const Versions = Schema.Array(Schema.String)

/** What a backup holds. It is written last: without it, there is no backup. */
export const Manifest = Schema.Struct({
  format: Schema.Literal(1),
  name: Schema.String,
  /** ISO 8601; the moment that a restore brings back. */
  takenAt: Schema.String,
  installation: Schema.String,
  migrations: Schema.Struct({ postgres: Versions, clickhouse: Versions }),
  /** Hours of the inbox that had a partition: `inbox_2026112300`. */
  partitions: Schema.Array(Schema.String),
  /**
   * Batches whose rows in ClickHouse do not count: not done at that moment, or begun later.
   * The loader stores those of the inbox again.
   */
  excludedBatches: Schema.Array(Schema.String),
  objects: Schema.Array(DumpedObject)
})
export type Manifest = typeof Manifest.Type

export const folderOf = (name: string): string => `backups/${name}`
/**
 * Objects of one attempt: what a backup of that name holds already stays whole until the
 * manifest names others.
 *
 * @param moment ISO 8601, of no other attempt
 */
export const attemptFolder = (name: string, moment: string): string =>
  `${folderOf(name)}/${moment.replaceAll(/\D/g, "")}`

export const manifestKey = (name: string): string => `${folderOf(name)}/manifest.json`
