import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer, Metric, Schedule } from "effect"
import type { Batch, Poison, PostRecord } from "./Batch.ts"
import { BatchRepo } from "./BatchRepo.ts"
import { eventColumns, sampleRow } from "./EventRows.ts"
import type { FencedOut, LedgerUnavailable } from "./LoaderErrors.ts"
import * as LoaderMetrics from "./LoaderMetrics.ts"
import { messageKey, type Post } from "./Post.ts"

/** From 100 ms to 10 s, for ever: what does not name the data is not the data's fault. */
const backoff = Schedule.min([
  Schedule.exponential("100 millis"),
  Schedule.spaced("10 seconds")
])

/** Stores rows of a batch exactly once, whatever answers get lost. */
export class EventStore extends Context.Service<
  EventStore,
  {
    /** The messages that are stored for a batch. */
    present(batchId: bigint): Effect.Effect<ReadonlySet<string>, ClickHouseError>
    /**
     * Compares what is stored for a batch with what should be. Fails if rows are missing,
     * and raises an alarm if there are too many.
     */
    verify(batch: Batch, expected: number): Effect.Effect<void, ClickHouseError>
    /** Ends the inserts of earlier attempts, and returns when none runs any more. */
    stop(posts: ReadonlyArray<PostRecord>): Effect.Effect<void, ClickHouseError>
    /**
     * Stores the rows of a post and returns those that the store refuses for their data.
     * Goes on through every other failure.
     */
    store(
      batch: Batch,
      post: Post,
      record: PostRecord
    ): Effect.Effect<ReadonlyArray<Poison>, FencedOut | LedgerUnavailable>
  }
>()("@analytics/data-ingestion/loader/EventStore") {
  static readonly layer = Layer.effect(
    EventStore,
    Effect.gen(function* () {
      const clickHouse = yield* ClickHouse
      const batches = yield* BatchRepo

      const countOf = (batchId: bigint) =>
        clickHouse
          .query<{ rows: string }>(
            "SELECT count() AS rows FROM events WHERE batch_id = {batch:UInt64}",
            { params: { batch: String(batchId) } }
          )
          .pipe(Effect.map(([found]) => Number(found?.rows ?? 0)))

      const verify = Effect.fn("EventStore.verify")(function* (
        { batchId }: Batch,
        expected: number
      ) {
        const rows = yield* countOf(batchId)
        if (rows < expected)
          return yield* new ClickHouseError({
            kind: "transient",
            reason: `batch ${batchId} has ${rows} rows of ${expected}`,
            queryId: ""
          })
        if (rows === expected) return
        yield* Metric.update(LoaderMetrics.surplus, rows - expected)
        yield* Effect.logError("a batch has rows that nobody should have stored").pipe(
          Effect.annotateLogs({ batch_id: String(batchId), rows, expected })
        )
      })

      const present = Effect.fn("EventStore.present")(function* (batchId: bigint) {
        if ((yield* countOf(batchId)) === 0) return new Set<string>()
        const options = { params: { batch: String(batchId) } }
        const { rows } = yield* clickHouse.table(
          "SELECT project_id, message_id FROM events WHERE batch_id = {batch:UInt64}",
          options
        )
        return new Set(
          rows.map(([project, id]) => messageKey(Number(project), String(id)))
        )
      })

      const stop = Effect.fn("EventStore.stop")((posts: ReadonlyArray<PostRecord>) =>
        Effect.forEach(posts, (post) => clickHouse.killAndWait(post.queryId), {
          concurrency: 4,
          discard: true
        })
      )

      // Each attempt has a token of its own: the log of old tokens outlives lost parts.
      const insert = (post: Post, { queryId }: PostRecord) =>
        clickHouse.insert({
          table: "events",
          columns: eventColumns,
          body: post.body,
          format: "RowBinary",
          queryId,
          settings: { async_insert: 0, insert_deduplication_token: queryId }
        })

      /** Stores what is not there yet, after `tried` attempts whose end is not known. */
      const storeMissing = Effect.fn("EventStore.storeMissing")(function* (
        batch: Batch,
        post: Post,
        tried: Array<PostRecord>
      ) {
        yield* stop(tried)
        // They cannot come any more: a long refusal must not gather thousands of them.
        const ended = tried.splice(0)
        const stored = yield* present(batch.batchId)
        const missing = post.select(0, post.count, (message) => !stored.has(message))
        if (missing.count === 0) return
        const record = recordOf(missing)
        tried.push(record)
        yield* batches.addPosts(batch, [record], ended)
        yield* insert(missing, record)
      })

      /**
       * Before rows are blamed: whether the table takes an event of our own. If not, its
       * columns or our encoding have changed, and every row would be set aside.
       */
      const judged = (error: ClickHouseError) =>
        error.kind === "data"
          ? clickHouse.table(columnsSql).pipe(
              Effect.flatMap(({ rows }) =>
                clickHouse.insert({
                  table: { function: nullTable(rows) },
                  columns: eventColumns,
                  body: sampleRow(),
                  format: "RowBinary"
                })
              ),
              Effect.mapError(
                ({ reason, queryId }) =>
                  new ClickHouseError({ kind: "transient", reason, queryId })
              ),
              Effect.andThen(Effect.fail(error))
            )
          : Effect.fail(error)

      /** Goes on for ever, until the rows are stored or blamed. */
      const storeAgain = (
        batch: Batch,
        post: Post,
        tried: Array<PostRecord>
      ): Effect.Effect<ReadonlyArray<Poison>, FencedOut | LedgerUnavailable> =>
        storeMissing(batch, post, tried).pipe(
          Effect.as<ReadonlyArray<Poison>>([]),
          Effect.catchTag("ClickHouseError", judged),
          Effect.tapErrorTag("ClickHouseError", (error) =>
            error.kind === "data" ? Effect.void : alarm(batch, error)
          ),
          Effect.retry({
            while: (error) => error._tag === "ClickHouseError" && error.kind !== "data",
            schedule: backoff
          }),
          Effect.catchTag("ClickHouseError", (error) =>
            bisect(batch, post, error.message)
          )
        )

      /** Halves a block that was refused for its data until the rows to blame are alone. */
      const bisect = (
        batch: Batch,
        post: Post,
        reason: string
      ): Effect.Effect<ReadonlyArray<Poison>, FencedOut | LedgerUnavailable> => {
        if (post.count === 1) return Effect.succeed([post.poison(0, reason)])
        const middle = post.count >>> 1
        return Effect.forEach(
          [post.select(0, middle), post.select(middle, post.count)],
          (half) => storeAgain(batch, half, [])
        ).pipe(Effect.map((poison) => poison.flat()))
      }

      const store = Effect.fn("EventStore.store")(
        (batch: Batch, post: Post, record: PostRecord) =>
          batches.checkEpoch.pipe(
            Effect.andThen(insert(post, record)),
            Effect.as<ReadonlyArray<Poison>>([]),
            Effect.catchTag("ClickHouseError", judged),
            Effect.catchTag("ClickHouseError", (error) =>
              error.kind === "data"
                ? bisect(batch, post, error.message)
                : alarm(batch, error).pipe(
                    Effect.andThen(storeAgain(batch, post, [record]))
                  )
            )
          )
      )

      return EventStore.of({ present, verify, stop, store })
    })
  )
}

const columnsSql = `
  SELECT name, type FROM system.columns
   WHERE database = currentDatabase() AND table = 'events'`

/** A table function with these columns that takes rows and keeps none. */
const nullTable = (columns: ReadonlyArray<ReadonlyArray<unknown>>): string => {
  const structure = columns.map(([name, type]) => `${quoteName(String(name))} ${type}`)
  return `null('${structure.join(", ").replace(/[\\']/g, (character) => `\\${character}`)}')`
}

/** A POST under a name of its own. */
export const recordOf = (post: Post): PostRecord => ({
  partition: post.partition,
  rows: post.count,
  queryId: crypto.randomUUID()
})

const alarm = (batch: Batch, error: ClickHouseError) =>
  Effect.logError(
    "the event store did not take a block; it is tried again",
    error
  ).pipe(
    Effect.annotateLogs({ batch_id: String(batch.batchId), kind: error.kind }),
    Effect.andThen(Metric.update(LoaderMetrics.retries, 1))
  )
