import { ImportConfig } from "@analytics/config/ImportConfig"
import {
  type Batch,
  batches,
  bodyOf,
  unread
} from "@analytics/data-processing/import/batches"
import { toEventOf } from "@analytics/data-processing/import/formats"
import { MAX_IMPORTED_EVENT } from "@analytics/data-processing/import/limits"
import { fileId } from "@analytics/data-processing/import/Mapped"
import { readBody, readEvents } from "@analytics/data-processing/segment/SegmentRequest"
import { Clock, Effect, Stream } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import type { Job } from "../../jobs/JobType.ts"
import type { FoundFile } from "./FoundFile.ts"
import type { ImportPayload } from "./ImportPayload.ts"
import type { DryRunResult } from "./ImportResult.ts"
import { ImportSources } from "./ImportSources.ts"
import { mappingOf } from "./mappingOf.ts"
import { failureOf } from "./readingFailure.ts"
import { type Meter, rowsOf } from "./rowsOf.ts"
import { Pace } from "./sendFile.ts"
import { storableText, Tally } from "./Tally.ts"

const SAMPLE = 5

/** Characters of a text, and of a whole event as JSON, in the result of a job. */
const MOST_TEXT = 1000
const MOST_SHOWN = 16_384

const shown = (text: string): string =>
  storableText(
    text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… (${text.length})` : text
  )

/**
 * What an import would do, by the same reading and the same rules, without sending. What
 * only the project's settings and what is stored already can tell is left out.
 */
export const previewFile = Effect.fn("Import.previewFile")(function* (
  { payload, projectId }: Job<ImportPayload> & { readonly projectId: number },
  found: FoundFile
) {
  const { limits } = yield* Pace
  const run = yield* JobRun
  const { maxEventBytes } = yield* ImportConfig
  const sources = yield* ImportSources
  const receivedAt = yield* Clock.currentTimeMillis
  const rejected = new Tally()
  const quarantined = new Tally()
  const names = new Tally()
  const sample: Array<unknown> = []
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  let events = 0
  let rows = 0
  const meter: Meter = {
    unit: payload.format === "parquet" ? "rows" : "bytes",
    done: 0,
    total: found.bytes
  }

  const note = (batch: Batch) => {
    rows = batch.lastRow
    for (const { reason } of batch.skipped) rejected.add(reason)
    for (const event of batch.events) {
      if (sample.length >= SAMPLE) break
      const example = storable(JSON.parse(event))
      if (JSON.stringify(example).length <= MOST_SHOWN) sample.push(example)
    }
    const body = bodyOf(batch.events)
    const read = readBody(body)
    if (read._tag === "Unreadable") throw new Error(read.reason)
    const verdicts = readEvents("batch", read.value, body.length, {
      projectId,
      receivedAt,
      maxEventBytes: Math.max(maxEventBytes, MAX_IMPORTED_EVENT),
      testMode: false,
      historical: true
    })
    for (const { reason } of verdicts.rejected) rejected.add(reason)
    for (const { e, q, t } of verdicts.events) {
      if (q !== undefined) {
        quarantined.add(q)
        continue
      }
      events++
      names.add(e)
      first = Math.min(first, t)
      last = Math.max(last, t)
    }
  }

  const file = yield* sources.open(found)
  yield* Stream.fromAsyncIterable(
    batches(
      rowsOf(found, file, payload, unread, meter),
      toEventOf(payload.format, mappingOf(payload), payload.from, payload.timeZone),
      fileId(found.sha256),
      limits
    ),
    failureOf
  ).pipe(
    Stream.runForEach((batch) =>
      Effect.suspend(() => {
        note(batch)
        return run.progress({ done: meter.done, total: meter.total, unit: meter.unit })
      })
    )
  )
  const result: DryRunResult = {
    dryRun: true,
    rows,
    sha256: found.sha256,
    events,
    rejected: rejected.counts,
    quarantined: quarantined.counts,
    from: Number.isFinite(first) ? new Date(first).toISOString() : null,
    to: Number.isFinite(last) ? new Date(last).toISOString() : null,
    eventNames: names.counts,
    sample
  }
  return result
}, Effect.scoped)

/** The same without what Postgres does not take, and with the beginnings of long texts. */
const storable = (value: unknown): unknown => {
  if (typeof value === "string") return shown(value)
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, it]) => [storableText(name), storable(it)])
  )
}
