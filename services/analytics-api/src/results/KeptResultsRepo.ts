import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"

/** Answers of one project, and their bytes together; those unused longest make room. */
const MOST_OF_PROJECT = 1000
const MOST_BYTES = 64 * 2 ** 20
/** What nobody asked for so long goes. */
const UNUSED = "7 days"
/** How exact it is when one was last used, and how old the watermark it is checked from. */
const USE_INTERVAL = "1 minute"

const Row = Schema.Struct({
  watermark: Schema.Date,
  toldAt: Schema.Date,
  computedAt: Schema.Date,
  result: Schema.instanceOf(Uint8Array)
})

/** An answer as it is kept: exact as of `watermark`. */
export type KeptResult = typeof Row.Type

/** Whose answer to what. */
export interface KeptKey {
  readonly projectId: number
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** Kept answers, in Postgres. */
export class KeptResultsRepo extends Context.Service<
  KeptResultsRepo,
  {
    find(key: KeptKey): Effect.Effect<Option.Option<KeptResult>, ControlUnavailable>
    /** It was used, and is the same as of that watermark. */
    advance(
      key: KeptKey,
      from: KeptResult,
      to: { readonly watermark: Date; readonly toldAt: Date }
    ): Effect.Effect<void, ControlUnavailable>
    /** In the place of an older one. */
    keep(
      key: KeptKey,
      kept: Pick<KeptResult, "watermark" | "toldAt" | "result">
    ): Effect.Effect<void, ControlUnavailable>
    readonly removeUnused: Effect.Effect<void, ControlUnavailable>
  }
>()("@analytics/analytics-api/results/KeptResultsRepo") {
  static readonly layer = Layer.effect(
    KeptResultsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(Row))
      const project = (id: number) => sql`${String(id)}::text::bigint`

      return KeptResultsRepo.of({
        find: Effect.fn("KeptResultsRepo.find")(
          function* ({ key, projectId }: KeptKey) {
            const rows = yield* sql`
              SELECT watermark, told_at, computed_at, result
                FROM control.kept_results
               WHERE project_id = ${project(projectId)} AND key = ${key}`.pipe(
              within("5 seconds")
            )
            const [row] = yield* rowsOf(rows)
            return Option.fromUndefinedOr(row)
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        advance: Effect.fn("KeptResultsRepo.advance")(
          ({ key, projectId }: KeptKey, from: KeptResult, to) =>
            sql`
              UPDATE control.kept_results
                 SET used_at = now(),
                     watermark = greatest(watermark, ${to.watermark}::timestamptz),
                     told_at = CASE WHEN watermark < ${to.watermark}::timestamptz
                       THEN ${to.toldAt}::timestamptz ELSE told_at END
               WHERE project_id = ${project(projectId)} AND key = ${key}
                 -- The language of this process knows milliseconds only.
                 AND date_trunc('milliseconds', computed_at) = ${from.computedAt}
                 AND used_at < now() - interval '${sql.literal(USE_INTERVAL)}'`.pipe(
              within("5 seconds"),
              Effect.asVoid
            ),
          Effect.catchTag("SqlError", unavailable)
        ),
        keep: Effect.fn("KeptResultsRepo.keep")(
          function* ({ key, projectId }: KeptKey, { result, toldAt, watermark }) {
            yield* sql`
              INSERT INTO control.kept_results
                (project_id, key, watermark, told_at, result)
              VALUES (${project(projectId)}, ${key}, ${watermark}, ${toldAt}, ${result})
              ON CONFLICT (project_id, key) DO UPDATE
                SET watermark = excluded.watermark, told_at = excluded.told_at,
                    computed_at = now(), used_at = now(), result = excluded.result
              WHERE kept_results.told_at <= excluded.told_at`
            yield* sql`
              DELETE FROM control.kept_results AS k USING (
                SELECT key, row_number() OVER w AS place,
                       sum(length(result)) OVER w AS bytes
                  FROM control.kept_results WHERE project_id = ${project(projectId)}
                WINDOW w AS (ORDER BY used_at DESC, key)) AS ranked
               WHERE k.project_id = ${project(projectId)} AND k.key = ranked.key
                 AND (ranked.place > ${MOST_OF_PROJECT}::int
                      OR ranked.bytes > ${MOST_BYTES}::int)`
          },
          within("10 seconds"),
          Effect.catchTag("SqlError", unavailable)
        ),
        removeUnused: sql`
          DELETE FROM control.kept_results
           WHERE used_at < now() - interval '${sql.literal(UNUSED)}'`.pipe(
          within("30 seconds"),
          Effect.asVoid,
          Effect.catchTag("SqlError", unavailable),
          Effect.withSpan("KeptResultsRepo.removeUnused")
        )
      })
    })
  )
}
