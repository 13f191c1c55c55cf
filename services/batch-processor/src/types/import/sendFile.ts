import {
  type Batch,
  batches,
  type SkippedRow
} from "@analytics/data-processing/import/batches"
import { toEventOf } from "@analytics/data-processing/import/formats"
import { fileId } from "@analytics/data-processing/import/Mapped"
import { Clock, Context, Effect, Option, Schema, Stream } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { type Job, JobFailed } from "../../jobs/JobType.ts"
import type { FoundFile } from "./FoundFile.ts"
import { type Answer, ImportClient } from "./ImportClient.ts"
import type { ImportPayload } from "./ImportPayload.ts"
import type { SentResult } from "./ImportResult.ts"
import { ImportSources } from "./ImportSources.ts"
import { mappingOf } from "./mappingOf.ts"
import { failureOf } from "./readingFailure.ts"
import { type Meter, rowsOf } from "./rowsOf.ts"
import { storableText, Tally } from "./Tally.ts"

/** How far a file is sent, in order: everything before it is durable. */
export const SentSoFar = Schema.Struct({
  sha256: Schema.String,
  lastRow: Schema.Int,
  /** A place before the next row: bytes of the unpacked file, and rows; see `Position`. */
  from: Schema.Struct({
    byte: Schema.Int,
    row: Schema.Int,
    member: Schema.optionalKey(Schema.Int),
    before: Schema.optionalKey(Schema.Int)
  }),
  accepted: Schema.Int,
  rejected: Schema.Record(Schema.String, Schema.Int),
  /** Rejected rows that the log names. */
  named: Schema.Int
})

/** How a file is sent. Tests take smaller steps. */
export const Pace = Context.Reference("@analytics/batch-processor/types/import/Pace", {
  defaultValue: () => ({
    /** What data-ingestion takes at ease; a larger row goes alone. */
    limits: { maxEvents: 2500, maxBytes: 500 * 1024 },
    /** Requests under way at once. */
    inFlight: 6,
    /** Milliseconds between two checkpoints. */
    checkpointEvery: 1000
  })
})

const MOST_NAMED = 100

const nothing: Answer = { accepted: 0, rejected: [] }

/** Rows of a batch that became no event, and why. */
const refusedRows = (batch: Batch, answer: Answer): ReadonlyArray<SkippedRow> => [
  ...batch.skipped,
  ...answer.rejected.map(({ index, reason }) => ({
    number: batch.rows[index] ?? batch.lastRow,
    reason
  }))
]

/**
 * Sends a file from where an earlier attempt came to. Requests overlap; what is told of
 * them, and the checkpoint, follow the order of the file. An event that is sent twice has
 * the same messageId, and is stored once.
 */
export const sendFile = Effect.fn("Import.sendFile")(function* (
  { payload, projectId }: Job<ImportPayload> & { readonly projectId: number },
  found: FoundFile
) {
  const { checkpointEvery, inFlight, limits } = yield* Pace
  const run = yield* JobRun
  const client = yield* ImportClient
  const sources = yield* ImportSources
  const checkpoint = run.checkpoint("sent", SentSoFar)
  const before = Option.getOrElse(yield* checkpoint.read, () => ({
    sha256: found.sha256,
    lastRow: 0,
    from: { byte: 0, row: 0 },
    accepted: 0,
    rejected: {},
    named: 0
  }))
  if (before.sha256 !== found.sha256)
    return yield* new JobFailed({
      detail:
        "The file is another one than was begun with, and part of that one is in: start a new job."
    })
  if (before.lastRow > 0) yield* run.log("info", `goes on after row ${before.lastRow}`)

  const rejected = new Tally(before.rejected)
  let { accepted, from, lastRow, named } = before
  let savedAt = yield* Clock.currentTimeMillis
  const meter: Meter = {
    unit: payload.format === "parquet" ? "rows" : "bytes",
    done: 0,
    total: found.bytes
  }
  const told = (done: number) =>
    run.progress({
      done,
      total: meter.total,
      unit: meter.unit,
      counts: { rows: lastRow, accepted, rejected: rejected.total }
    })
  const save = Effect.suspend(() =>
    checkpoint.save({
      sha256: found.sha256,
      lastRow,
      from,
      accepted,
      rejected: rejected.counts,
      named
    })
  )

  const note = Effect.fnUntraced(function* (
    batch: Batch,
    answer: Answer,
    done: number
  ) {
    accepted += answer.accepted
    lastRow = batch.lastRow
    from = batch.from
    for (const { number, reason } of refusedRows(batch, answer)) {
      rejected.add(reason)
      if (named++ < MOST_NAMED)
        yield* run.log("warning", storableText(`row ${number}: ${reason}`), {
          row: number
        })
    }
    const now = yield* Clock.currentTimeMillis
    if (now - savedAt >= checkpointEvery) {
      savedAt = now
      yield* save
    }
    yield* told(done)
  })

  const file = yield* sources.open(found)
  const rows = rowsOf(found, file, payload, before, meter)
  const toEvent = toEventOf(
    payload.format,
    mappingOf(payload),
    payload.from,
    payload.timeZone
  )
  yield* Stream.fromAsyncIterable(
    batches(rows, toEvent, fileId(found.sha256), limits, before),
    failureOf
  ).pipe(
    Stream.mapEffect(
      (batch) => {
        const { done } = meter
        return Effect.map(
          batch.events.length === 0
            ? Effect.succeed(nothing)
            : client.send(projectId, batch.events),
          (answer) => ({ answer, batch, done })
        )
      },
      { concurrency: inFlight }
    ),
    Stream.runForEach(({ answer, batch, done }) => note(batch, answer, done))
  )
  yield* save
  yield* told(meter.total)
  const result: SentResult = {
    dryRun: false,
    rows: lastRow,
    sha256: found.sha256,
    accepted,
    rejected: rejected.counts
  }
  return result
}, Effect.scoped)
