import type { ClickHouse } from "@analytics/database/ClickHouse"
import { Context, Duration, Effect } from "effect"

/** What a query may use of the event store. */
export interface QueryAllowance {
  readonly timeout: Duration.Duration
  /** A query of a higher number pauses while one of a lower number runs; from 1. */
  readonly priority: number
}

/**
 * Whether a query may use several cores. A pause comes only between two blocks of rows, so
 * that whoever asks much is noticed less the fewer threads are at work for them.
 */
export const mayUseCores = ({ priority }: QueryAllowance): boolean => priority === 1

/** That of the query in whose name something is asked; without one the configured time. */
export const QueryAllowance = Context.Reference<QueryAllowance | undefined>(
  "@analytics/analytics-api/query/QueryAllowance",
  { defaultValue: () => undefined }
)

/** After the engine's own limit, which explains itself better. */
const GRACE = Duration.seconds(5)

/** The event store, asked in the name of the query that runs. */
export const atPaceOf = (clickhouse: ClickHouse["Service"]): ClickHouse["Service"] => ({
  ...clickhouse,
  table: Effect.fnUntraced(function* (sql, options = {}) {
    const allowance = yield* QueryAllowance
    if (allowance === undefined) return yield* clickhouse.table(sql, options)
    const { priority, timeout } = allowance
    const threads = mayUseCores(allowance) ? {} : { max_threads: 1 }
    return yield* clickhouse.table(sql, {
      ...options,
      timeout: Duration.sum(timeout, GRACE),
      settings: {
        ...options.settings,
        ...threads,
        max_execution_time: Math.ceil(Duration.toSeconds(timeout)),
        priority: String(priority)
      }
    })
  })
})
