import { promisify } from "node:util"
import { zstdCompress, zstdDecompress } from "node:zlib"
import { statement } from "@analytics/analytics-core/query/Compiled"
import { changedSql } from "@analytics/analytics-core/query/changedSince"
import { Effect, Option, Schema } from "effect"
import { History } from "../query/History.ts"
import type { Computed, Keeping, ResolvedQuery } from "../query/Keeping.ts"
import { QueryRepo } from "../query/QueryRepo.ts"
import { Watermark } from "../query/Watermark.ts"
import { type KeptKey, type KeptResult, KeptResultsRepo } from "./KeptResultsRepo.ts"
import { type ResultKey, resultKey } from "./resultKey.ts"

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Compressed, of one answer; larger ones are computed each time. */
const MOST_BYTES = 2 ** 20

const Stored = Schema.fromJsonString(
  Schema.Struct({ result: Schema.Unknown, warnings: Schema.Array(Schema.String) })
)
const encode = Schema.encodeUnknownEffect(Stored)
const decode = Schema.decodeUnknownEffect(Stored)

export interface KeepOptions {
  /** Nothing that was kept is given. */
  readonly fresh: boolean
  /** Told when something kept is given. */
  readonly onKept: (computedAt: Date) => void
}

/**
 * Gives a kept answer where it is provably what would be computed, and keeps what is
 * computed ([insights.md](../../../../docs/insights.md#kept-answers) says when). Whatever of this
 * fails, the answer is computed.
 */
export const keepResults = Effect.gen(function* () {
  const repo = yield* KeptResultsRepo
  const store = yield* QueryRepo
  const watermarks = yield* Watermark
  const history = yield* History

  /** The watermark that is told now, if nothing of the project is being removed. */
  const told = Effect.fn("keepResults.told")(function* (projectId: number) {
    const known = yield* watermarks.current
    return known.isStale ||
      known.removing === undefined ||
      known.removing.has(projectId)
      ? undefined
      : known.watermark
  })

  /** Rows that the look cost, if the answer is the same at the watermark asked for. */
  const holds = Effect.fn("keepResults.holds")(function* (
    { context, query }: ResolvedQuery,
    { reads }: ResultKey,
    kept: KeptResult
  ) {
    const { projectId, watermark } = context
    if (yield* history.changedSince(projectId, kept.toldAt.getTime())) return undefined
    const moments = [kept.watermark.getTime(), watermark]
    const looked = yield* store.run(
      statement(
        "changed",
        changedSql({
          projectId,
          reads,
          cohorts: query.cohorts.map(({ id }) => id),
          after: Math.min(...moments),
          until: Math.max(...moments),
          told: kept.toldAt.getTime()
        })
      )
    )
    return looked.rows.length === 0 ? looked : undefined
  })

  const given = Effect.fn("keepResults.given")(function* (
    asked: ResolvedQuery,
    key: KeptKey,
    found: ResultKey,
    toldNow: number,
    { onKept }: KeepOptions
  ) {
    const kept = Option.getOrUndefined(yield* repo.find(key))
    if (kept === undefined) return undefined
    const looked = yield* holds(asked, found, kept)
    if (looked === undefined) return undefined
    const text = yield* Effect.tryPromise(() => decompress(kept.result))
    const { result, warnings } = yield* decode(text.toString())
    yield* repo.advance(key, kept, {
      watermark: new Date(asked.context.watermark),
      toldAt: new Date(toldNow)
    })
    onKept(kept.computedAt)
    const { bytesRead = 0, rowsRead } = looked
    return { result, warnings, isPlain: true, cached: true, rowsRead, bytesRead }
  })

  const keep = Effect.fn("keepResults.keep")(function* (
    key: KeptKey,
    { context }: ResolvedQuery,
    toldBefore: number,
    { isPlain, result, warnings }: Computed
  ) {
    if (!isPlain) return
    const text = yield* encode({ result, warnings })
    const bytes = yield* Effect.tryPromise(() => compress(text))
    if (bytes.length > MOST_BYTES) return
    // What was removed meanwhile must not be written after others have forgotten it.
    if (yield* history.changedSince(context.projectId, toldBefore)) return
    yield* repo.keep(key, {
      watermark: new Date(context.watermark),
      toldAt: new Date(toldBefore),
      result: bytes
    })
  })

  const without = (cause: unknown) =>
    Effect.as(Effect.logWarning("a kept answer could not be used", cause), undefined)

  return (options: KeepOptions): Keeping =>
    (asked, compute) =>
      Effect.gen(function* () {
        const { projectId, removals } = asked.context
        const computed = Effect.map(compute, (each) => ({ ...each, cached: false }))
        const found = yield* resultKey(asked)
        if (found === undefined || removals) return yield* computed
        // Before anything is read: what is removed later is known later.
        const toldNow = yield* Effect.catch(told(projectId), without)
        if (toldNow === undefined) return yield* computed
        const key = { projectId, key: found.key }
        if (!options.fresh) {
          const kept = yield* Effect.catch(
            given(asked, key, found, toldNow, options),
            without
          )
          if (kept !== undefined) return kept
        }
        const answered = yield* computed
        yield* Effect.catch(keep(key, asked, toldNow, answered), without)
        return answered
      }).pipe(Effect.withSpan("keepResults"))
})
