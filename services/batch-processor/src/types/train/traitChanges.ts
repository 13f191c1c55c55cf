import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { render } from "@analytics/analytics-core/query/Sql"
import { hasTraitChangesSql } from "@analytics/analytics-core/query/traits/hasTraitChanges"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { away } from "../export/away.ts"

/**
 * The same context, told whether traits of the project changed otherwise than by being
 * set: folding them costs several times what reading them does.
 */
export const withTraitChanges = Effect.fn("TraitChanges.look")(function* (
  context: QueryContext
) {
  const { params, sql } = render(
    hasTraitChangesSql(context.projectId, context.watermark)
  )
  const rows = yield* Effect.mapError(
    (yield* ClickHouse).query<object>(sql, { params }),
    away
  )
  const known: QueryContext = { ...context, hasTraitChanges: rows.length > 0 }
  return known
})
