import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { sqlState } from "@analytics/database/PostgresRetry"
import { Cause, Option } from "effect"
import { isSqlError } from "effect/sql/SqlError"
import { LedgerUnavailable } from "../loader/LoaderErrors.ts"

/** Why an undo may be given up. */
export const parkReasons = [
  "too_many_links",
  "refused_by_event_store",
  "refused_by_postgres",
  "unforeseen"
] as const
export type ParkReason = (typeof parkReasons)[number]

/** Classes of SQLSTATE that blame the values, and would again: data, cardinality, limits. */
const dataClasses = ["21", "22", "23", "54"]

/**
 * Why trying again would fail again, or `undefined` if it need not: only what names the
 * data, and defects, which come from it as a rule, count.
 */
export const undoFault = (cause: Cause.Cause<unknown>): ParkReason | undefined => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (error instanceof ClickHouseError)
    return error.kind === "data" ? "refused_by_event_store" : undefined
  if (error instanceof LedgerUnavailable) {
    const state = isSqlError(error.cause) ? sqlState(error.cause) : undefined
    return state !== undefined && dataClasses.includes(state.slice(0, 2))
      ? "refused_by_postgres"
      : undefined
  }
  return Cause.hasDies(cause) ? "unforeseen" : undefined
}
