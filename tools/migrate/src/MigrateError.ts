import { Schema } from "effect"

export const StoreName = Schema.Literals(["postgres", "clickhouse"])
export type StoreName = typeof StoreName.Type

/** A migration file that cannot be read as one. */
export class BadMigration extends Schema.TaggedError<BadMigration>()("BadMigration", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.reason}`
  }
}

/** Files and the store's record of what was applied contradict each other; nothing was done. */
export class HistoryConflict extends Schema.TaggedError<HistoryConflict>()(
  "HistoryConflict",
  { store: StoreName, version: Schema.String, reason: Schema.String }
) {
  override get message() {
    return `${this.store} ${this.version}: ${this.reason}`
  }
}

/** A statement failed; in Postgres its whole migration was rolled back. */
export class StatementFailed extends Schema.TaggedError<StatementFailed>()(
  "StatementFailed",
  {
    store: StoreName,
    version: Schema.String,
    statement: Schema.String,
    cause: Schema.Defect()
  }
) {
  override get message() {
    return `${this.store} ${this.version} failed: ${reasonOf(this.cause)}\n${this.statement}`
  }
}

/** The store could not be reached, prepared or asked. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()(
  "StoreUnavailable",
  { store: StoreName, cause: Schema.Defect() }
) {
  override get message() {
    return `${this.store} is not available: ${reasonOf(this.cause)}`
  }
}

/** Another process has been migrating for too long, or the lock's connection broke. */
export class LockFailed extends Schema.TaggedError<LockFailed>()("LockFailed", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}

export const unavailable = (store: StoreName) => (cause: unknown) =>
  new StoreUnavailable({ store, cause })

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? deepest(cause).message : String(cause)
}

/** The driver wraps what the server said. */
function deepest(error: Error): Error {
  return error.cause instanceof Error ? deepest(error.cause) : error
}
