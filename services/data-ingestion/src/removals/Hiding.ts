import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer } from "effect"
import type { LedgerUnavailable } from "../loader/LoaderErrors.ts"
import type { Removal } from "./Removal.ts"
import { RemovalRepo } from "./RemovalRepo.ts"

/** Makes every query leave out what is to be removed. */
export class Hiding extends Context.Service<
  Hiding,
  {
    /** Once it ends, the next query shows nothing of it. May be repeated. */
    hide(removal: Removal): Effect.Effect<void, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/removals/Hiding") {
  static readonly layer = Layer.effect(
    Hiding,
    Effect.gen(function* () {
      const repo = yield* RemovalRepo
      const store = yield* ClickHouse
      return Hiding.of({
        hide: Effect.fn("Hiding.hide")(function* (removal) {
          if (removal.hiddenAt !== null) return
          yield* store.insert({
            table: "removals",
            format: "JSONEachRow",
            body: rowsOf(removal),
            settings: { async_insert: 0 }
          })
          yield* repo.hidden(removal.id)
        })
      })
    })
  )
}

const rowsOf = (removal: Removal): string => {
  const row = (idHash: bigint, isRange: 0 | 1) =>
    JSON.stringify({
      project_id: removal.projectId,
      removal: removal.id,
      is_range: isRange,
      id_hash: String(idHash),
      from_at: clock(removal.from ?? 0),
      to_at: clock(removal.to ?? 0),
      received_until: clock(removal.requestedAt),
      known_until: clock(removal.knownAt)
    })
  return removal.kind === "person"
    ? removal.idHashes.map((hash) => row(hash, 0)).join("\n")
    : row(0n, 1)
}

/** `2026-11-23 04:50:00.123`, as the store reads it. */
const clock = (ms: number): string =>
  new Date(ms).toISOString().replace("T", " ").replace("Z", "")
