import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { type LedgerUnavailable, unavailable } from "../loader/LoaderErrors.ts"
import type { Removal } from "./Removal.ts"
import { RemovalRepo } from "./RemovalRepo.ts"

/** Links of one look. */
const PAGE = 10_000

interface Pair {
  readonly from: string
  readonly to: string
}

/**
 * Ids of a removal of which only hashes are known, because it was noted beside a backup that
 * was restored: the stores that came back know them again.
 */
export class HashedIds extends Context.Service<
  HashedIds,
  {
    /** The removal with its ids; it stays as it is when it has them, or nobody has. */
    named(removal: Removal): Effect.Effect<Removal, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/removals/HashedIds") {
  static readonly layer = Layer.effect(
    HashedIds,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* ClickHouse
      const repo = yield* RemovalRepo
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))

      /** Whoever is in a link, page by page in the order of the key. */
      const inLedger = Effect.fnUntraced(function* (
        projectId: number,
        see: (id: string) => void
      ) {
        let last: Pair | undefined
        for (;;) {
          const after =
            last === undefined
              ? sql`true`
              : sql`(from_key, to_key) > (ingest.id_key(${last.from}), ingest.id_key(${last.to}))`
          const rows: ReadonlyArray<Pair> = yield* sql<Pair>`
            SELECT from_id AS "from", to_id AS "to" FROM ingest.links
             WHERE project_id = ${BigInt(projectId)} AND ${after}
             ORDER BY from_key, to_key LIMIT ${PAGE}`.pipe(unavailable)
          for (const row of rows) {
            see(row.from)
            see(row.to)
          }
          last = rows.at(-1)
          if (rows.length < PAGE) return
        }
      })

      return HashedIds.of({
        named: Effect.fn("HashedIds.named")(function* (removal) {
          const { idHashes, ids, kind, projectId } = removal
          if (kind !== "person" || ids.length > 0 || idHashes.length === 0)
            return removal
          const hashes = new Set(idHashes)
          const found = new Set<string>()
          const see = (id: string) => {
            if (hashes.has(idHash.id(projectId, id))) found.add(id)
          }
          yield* inLedger(projectId, see)
          const rows = yield* store.query<{ u: string; a: string }>(
            `SELECT DISTINCT user_id AS u, anonymous_id AS a FROM events
              WHERE project_id = {projectId:UInt32}
                AND id_hash IN (${idHashes.join(", ")})`,
            { params: { projectId }, settings: { max_query_size: "67108864" } }
          )
          for (const { a, u } of rows) {
            see(u)
            see(a)
          }
          if (found.size === 0) return removal
          yield* repo.name(removal, [...found])
          return { ...removal, ids: [...found] }
        })
      })
    })
  )
}
