import { also, keptEvents } from "@analytics/analytics-core/query/removed"
import {
  instant,
  render,
  sql,
  string,
  uint32
} from "@analytics/analytics-core/query/Sql"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { away } from "../export/away.ts"
import { traitOf } from "../score/predictionEvent.ts"
import { contextAt } from "../train/planTrain.ts"

export interface Moment {
  readonly version: number
  /** Epoch milliseconds: what came before it was known. */
  readonly at: number
}

/** When which version of a model was asked about everybody, in `[from, to)`, oldest first. */
export const predictedMoments = Effect.fn("ModelQuality.moments")(function* (
  projectId: number,
  watermark: number,
  model: string,
  range: { readonly from: number; readonly to: number }
) {
  const clickhouse = yield* ClickHouse
  const context = contextAt(projectId, watermark)
  const version = string(traitOf(model, "version"))
  const { params, sql: text } = render(
    sql`SELECT DISTINCT toInt64OrZero(props[${version}]) AS version,
      toUnixTimestamp64Milli(timestamp) AS at FROM events
      WHERE project_id = ${uint32(projectId)} AND event = '$identify'
        AND type = 'identify' AND timestamp >= ${instant(range.from)}
        AND timestamp < ${instant(range.to)} AND known_at <= ${instant(watermark)}
        AND startsWith(message_id, 'prediction-')
        AND props[${version}] != ''${also(keptEvents(context))}
      ORDER BY at, version LIMIT 1000`
  )
  const rows = yield* Effect.mapError(
    clickhouse.query<{ version: string; at: string }>(text, { params }),
    away
  )
  return rows
    .map((row): Moment => ({ version: Number(row.version), at: Number(row.at) }))
    .filter((moment) => moment.version > 0)
})
