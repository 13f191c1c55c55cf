import type { Effect } from "effect"
import type {
  HistoryConflict,
  StatementFailed,
  StoreName,
  StoreUnavailable
} from "./MigrateError.ts"
import type { Migration } from "./Migration.ts"
import type { Applied } from "./Plan.ts"

/** A migration whose run was cut off. */
export interface Unfinished {
  readonly version: string
  readonly direction: "up" | "down"
}

/** One database that migrations change and that remembers them. Callers hold the lock. */
export interface MigrationStore {
  readonly name: StoreName
  /** Creates the table of applied migrations; refuses one of another kind of store. */
  readonly prepare: Effect.Effect<void, StoreUnavailable | HistoryConflict>
  readonly applied: Effect.Effect<ReadonlyArray<Applied>, StoreUnavailable>
  /** What a killed run left half done, to be run again first. */
  readonly unfinished: Effect.Effect<Unfinished | undefined, StoreUnavailable>
  /** Runs one direction and records it; continues where a killed run stopped. */
  run(
    migration: Migration,
    direction: "up" | "down"
  ): Effect.Effect<void, StatementFailed | StoreUnavailable>
}
