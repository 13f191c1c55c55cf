import {
  type Batch,
  batches,
  type SkippedRow
} from "@analytics/data-processing/import/batches"
import type { ToEvent } from "@analytics/data-processing/import/Mapped"
import { beginning, type Reader } from "@analytics/data-processing/readers/Row"
import { Effect, Stream } from "effect"
import { deliverEvents, type IngestAnswer } from "../IngestClient.ts"
import { makeProgress } from "../Progress.ts"
import {
  type Checkpoint,
  readCheckpoint,
  start,
  writeCheckpoint
} from "./Checkpoint.ts"
import { FileUnreadable, type SourceFile } from "./SourceFile.ts"

/** Where and how a file is imported. */
export interface ImportOptions {
  readonly source: SourceFile
  readonly ingestion: string
  readonly writeKey: string
  readonly reader: Reader
  readonly toEvent: ToEvent
  /** Which files of a zip are read; all without it. */
  readonly isWanted?: ((name: string) => boolean) | undefined
  /** The folder of checkpoints, and the name of this file's one. */
  readonly state: string
  readonly name: string
  /** Sends the rows of finished runs again; the service drops them as duplicates. */
  readonly again: boolean
  readonly concurrency: number
}

/** What became of every row, with the first few that did not become events. */
export interface ImportReport extends Checkpoint {
  readonly resumedAfter: number
  readonly examples: ReadonlyArray<SkippedRow>
}

const maxExamples = 10

/** Below what data-ingestion takes by default, so that its answers stay quick. */
const limits = { maxEvents: 1000, maxBytes: 450 * 1024 }

const refusedRows = (batch: Batch, answer: IngestAnswer): ReadonlyArray<SkippedRow> => [
  ...batch.skipped,
  ...answer.rejected.map(({ index, reason }) => ({
    number: batch.rows[index] ?? batch.lastRow,
    reason
  }))
]

const nothing: IngestAnswer = { accepted: 0, rejected: [] }

/**
 * Sends a file through the HTTP ingestion, several requests at a time. After each
 * acknowledged batch it notes how far it came; a second run continues there, and what it
 * sends twice is dropped by its id.
 */
export const importFile = Effect.fn("importFile")(function* (options: ImportOptions) {
  const { ingestion, name, source, state, writeKey } = options
  const before = options.again ? start : yield* readCheckpoint(state, name)
  const progress = yield* makeProgress("importing", source.size)
  let bytesRead = 0
  let current = before
  const examples: Array<SkippedRow> = []
  const rows = source.rows(
    options.reader,
    (count) => {
      bytesRead += count
    },
    options.isWanted
  )
  yield* Stream.fromAsyncIterable(
    batches(rows, options.toEvent, source.fingerprint, limits, {
      lastRow: before.lastRow,
      from: beginning
    }),
    (error) => new FileUnreadable({ message: `${source.path}: ${String(error)}` })
  ).pipe(
    Stream.mapEffect(
      (batch) =>
        (batch.events.length === 0
          ? Effect.succeed(nothing)
          : deliverEvents(ingestion, writeKey, batch.events)
        ).pipe(Effect.map((answer) => ({ answer, batch, bytesRead }))),
      { concurrency: options.concurrency }
    ),
    Stream.runForEach(({ answer, batch, bytesRead }) => {
      current = {
        lastRow: batch.lastRow,
        accepted: current.accepted + answer.accepted,
        rejected: current.rejected + answer.rejected.length,
        skipped: current.skipped + batch.skipped.length
      }
      for (const row of refusedRows(batch, answer))
        if (examples.length < maxExamples) examples.push(row)
      progress.update(bytesRead, current.accepted)
      return writeCheckpoint(state, name, current)
    })
  )
  progress.update(source.size, current.accepted)
  const report: ImportReport = { ...current, resumedAfter: before.lastRow, examples }
  return report
}, Effect.scoped)
