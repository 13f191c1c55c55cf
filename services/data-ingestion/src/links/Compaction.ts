import { ClickHouse } from "@analytics/database/ClickHouse"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import { WatermarkRepo } from "../watermark/WatermarkRepo.ts"

export interface Compacted {
  readonly kept: number
  readonly removed: number
}

/** Of each id the newest row that an answer as of `before` reads. */
const NEWEST = `
  SELECT id_hash, newest.1 AS known_at, newest.2 AS version
    FROM (SELECT id_hash, max((known_at, version)) AS newest FROM person_links
           WHERE project_id = {projectId:UInt32}
             AND known_at <= {before:DateTime64(3, 'UTC')}
           GROUP BY id_hash)`

const SUPERSEDED = `project_id = {projectId:UInt32}
  AND known_at <= {before:DateTime64(3, 'UTC')}
  AND (id_hash, known_at, version) NOT IN (${NEWEST})`

/** A mutation that is not awaited goes on, and would be asked for once more. */
const LONGEST = Duration.minutes(9)

/** Rows of links that a newer one replaced before any moment that may still be asked about. */
export class Compaction extends Context.Service<
  Compaction,
  {
    /**
     * Answers as of `before` (ms since 1970) and later stay what they are; also as of
     * moments as much earlier as the watermark is late, from which an `asOf` counts back.
     * Repeatable.
     */
    compact(
      projectId: number,
      before: number
    ): Effect.Effect<Compacted, StoreUnavailable>
  }
>()("@analytics/data-ingestion/links/Compaction") {
  static readonly layer = Layer.effect(
    Compaction,
    Effect.gen(function* () {
      const store = yield* ClickHouse
      const watermarks = yield* WatermarkRepo
      return Compaction.of({
        compact: Effect.fn("Compaction.compact")(
          function* (projectId, before) {
            const now = yield* Clock.currentTimeMillis
            const late = Math.max(0, now - (yield* watermarks.publish).getTime())
            const moment = new Date(Math.max(0, before - late))
            const params = {
              projectId,
              before: moment.toISOString().replace("T", " ").replace("Z", "")
            }
            const [count] = yield* store.query<{ links: string; superseded: string }>(
              `SELECT count() AS links, countIf(${SUPERSEDED}) AS superseded
                 FROM person_links WHERE project_id = {projectId:UInt32}`,
              { params }
            )
            const removed = Number(count?.superseded)
            // A mutation rewrites the parts it touches, also for nothing.
            if (removed > 0)
              yield* store.command(
                store.topology.alter("person_links", `DELETE WHERE ${SUPERSEDED}`),
                {
                  params,
                  // What is newest up to a moment that has passed is the same on every
                  // replica; one that lags behind keeps a row more.
                  settings: {
                    mutations_sync: "2",
                    allow_nondeterministic_mutations: 1
                  },
                  timeout: LONGEST
                }
              )
            return { kept: Number(count?.links) - removed, removed }
          },
          Effect.catchTags({
            ClickHouseError: unavailable("links"),
            SqlError: unavailable("watermark")
          })
        )
      })
    })
  )
}
