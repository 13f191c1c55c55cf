import { HashTable } from "@analytics/data-processing/HashTable"
import { RowBuffer } from "@analytics/data-processing/RowBuffer"
import { ScalableBloom } from "@analytics/data-processing/ScalableBloom"
import { VIRTUAL_SHARDS, virtualShard } from "@analytics/data-processing/VirtualShard"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer } from "effect"
import type { BatchPlan } from "./BatchPlan.ts"
import { ShardLease } from "./ShardLease.ts"

/** Hashes of one exact look-up: 1.1 MB of SQL. */
const LOOK_UP = 50_000
/** Hashes read at a time at start: 16 MB. */
const READ_AT_A_TIME = 1_000_000

/**
 * Which messages were ever stored: a filter in memory, and the table `seen` where the
 * filter is not sure. Nothing is ever taken out.
 */
export class SeenStore extends Context.Service<
  SeenStore,
  {
    /** `false` is certain. Of virtual shards that are not covered, all may. */
    mayHave(words: Uint32Array): boolean
    /**
     * Reads everything that was claimed in these virtual shards, in ascending order, into
     * the filter; again, if it was covered before. Nobody else may claim there any more.
     */
    cover(virtualShards: ReadonlyArray<number>): Effect.Effect<void, ClickHouseError>
    /** Which of these hashes a batch other than `batchId` has claimed. */
    claimedByOthers(
      words: Uint32Array<ArrayBuffer>,
      batchId: bigint
    ): Effect.Effect<HashTable, ClickHouseError>
    /** Makes the claims of a plan durable, and voids those of events that were refused. */
    write(plan: BatchPlan, batchId: bigint): Effect.Effect<void, ClickHouseError>
    /** Notes the claims of a plan in the filter. */
    remember(plan: BatchPlan): void
  }
>()("@analytics/data-ingestion/loader/SeenStore") {
  static readonly layer = Layer.effect(
    SeenStore,
    Effect.gen(function* () {
      // Read only once the shard is ours: what its last owner claimed must be in the filter.
      yield* ShardLease
      const clickHouse = yield* ClickHouse
      const filter = new ScalableBloom()

      const covered = new Set<number>()

      const read = Effect.fnUntraced(function* ([first, end]: Range, parts: bigint) {
        const from = first << SHARD_BITS
        const size = (end << SHARD_BITS) - from
        for (let part = 0n; part < parts; part++) {
          const bytes = yield* clickHouse.bytes(
            "SELECT hash FROM seen WHERE hash >= {from:UInt128} AND hash <= {to:UInt128}",
            {
              params: {
                from: String(from + (size * part) / parts),
                to: String(from + (size * (part + 1n)) / parts - 1n)
              },
              format: "RowBinary"
            }
          )
          addAll(bytes, (words, at) => filter.add(words, at))
        }
      })

      return SeenStore.of({
        mayHave: (words) => !covered.has(virtualShard(words)) || filter.mayHave(words),
        cover: Effect.fn("SeenStore.cover")(function* (virtualShards) {
          if (virtualShards.length === 0) return
          const [table] = yield* clickHouse.query<{ rows: string }>(
            "SELECT count() AS rows FROM seen"
          )
          const rows = Number(table?.rows ?? 0)
          if (rows > 0)
            for (const range of rangesOf(virtualShards)) {
              // Hashes are spread evenly, so equal ranges hold about as many each.
              const share = Number(range[1] - range[0]) / VIRTUAL_SHARDS
              const parts = BigInt(Math.ceil((rows * share) / READ_AT_A_TIME))
              yield* read(range, parts)
            }
          for (const each of virtualShards) covered.add(each)
        }),
        claimedByOthers: Effect.fn("SeenStore.claimedByOthers")(
          function* (words, batchId) {
            const claimed = new HashTable(words.length / 4)
            for (let at = 0; at < words.length; at += LOOK_UP * 4) {
              const part = words.subarray(at, at + LOOK_UP * 4)
              const bytes = yield* clickHouse.bytes(lookUpSql(part), {
                params: { batch: String(batchId) },
                settings: { max_query_size: "8388608" },
                format: "RowBinary"
              })
              addAll(bytes, (found, from) => claimed.add(found, from))
            }
            return claimed
          }
        ),
        write: Effect.fn("SeenStore.write")(function* (plan, batchId) {
          const rows = new RowBuffer()
          const row = (claimed: number) => (words: Uint32Array, from: number) => {
            rows.words(words, from, 4)
            rows.uint64(batchId)
            rows.uint8(claimed)
          }
          plan.claims.forEachClaimed(row(1))
          plan.claims.forEachVoid(row(0))
          if (rows.length === 0) return
          yield* clickHouse.insert({
            table: "seen",
            columns: ["hash", "batch_id", "claimed"],
            body: rows.view(),
            format: "RowBinary",
            // A claim written twice says the same as one.
            settings: { async_insert: 0, insert_deduplicate: 0 }
          })
        }),
        remember: (plan) =>
          plan.claims.forEachClaimed((words, from) => filter.add(words, from))
      })
    })
  )
}

/** Bits of a hash below those that tell its virtual shard. */
const SHARD_BITS = 122n

/** Virtual shards from the first to before the second. */
type Range = readonly [first: bigint, end: bigint]

/** Neighbours together, of ascending numbers. */
const rangesOf = (virtualShards: ReadonlyArray<number>): ReadonlyArray<Range> => {
  const ranges: Array<Range> = []
  for (const each of virtualShards) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === BigInt(each))
      ranges[ranges.length - 1] = [last[0], last[1] + 1n]
    else ranges.push([BigInt(each), BigInt(each) + 1n])
  }
  return ranges
}

/** Our own bytes as a literal: too many for a parameter, and base64 needs no escaping. */
const lookUpSql = (words: Uint32Array<ArrayBuffer>): string => {
  const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength)
  return `SELECT hash FROM seen
    WHERE hash IN (
        SELECT reinterpretAsUInt128(substring(
          (SELECT base64Decode('${bytes.toString("base64")}')), number * 16 + 1, 16))
          FROM numbers(${words.length / 4}))
      AND batch_id != {batch:UInt64}
    GROUP BY hash, batch_id
    HAVING min(claimed) = 1`
}

const addAll = (
  bytes: Uint8Array,
  visit: (words: Uint32Array, from: number) => void
): void => {
  // Not `slice`, which of a Buffer is no copy and may begin anywhere in its memory.
  const copy = new Uint8Array(bytes)
  const words = new Uint32Array(copy.buffer, 0, copy.byteLength >>> 2)
  for (let from = 0; from < words.length; from += 4) visit(words, from)
}
