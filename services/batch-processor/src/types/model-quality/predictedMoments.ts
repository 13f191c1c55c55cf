import { also, keptEvents } from "@analytics/analytics-core/query/removed"
import type { Sql } from "@analytics/analytics-core/query/Sql"
import {
  instant,
  integer,
  render,
  sql,
  string,
  uint32
} from "@analytics/analytics-core/query/Sql"
import { ClickHouse } from "@analytics/database/ClickHouse"
import {
  messageIdPrefix,
  traitOf
} from "@analytics/ml-models/predictions/predictionTraits"
import { Effect } from "effect"
import { away } from "../export/away.ts"
import { contextAt } from "../train/planTrain.ts"

export interface Moment {
  readonly version: number
  /**
   * Epoch milliseconds: what came before it was known. Of online predictions: when their
   * day (UTC) begins.
   */
  readonly at: number
  readonly online?: boolean
}

type Kind = keyof typeof messageIdPrefix

interface Asked {
  readonly kind: Kind
  readonly projectId: number
  readonly watermark: number
  readonly model: string
  /** Epoch milliseconds, `[from, to)`. */
  readonly from: number
  readonly to: number
}

const DAY = 86_400_000

/** Days of scorings by a version, of all versions together. */
const MOST_MOMENTS = 20_000

/** The versions of a model that said anything of anybody. */
export const scoringVersions = Effect.fn("ModelQuality.versions")(function* (
  asked: Asked
) {
  const rows = yield* ask<{ version: string }>(
    sql`SELECT version FROM (${scored(asked)}) GROUP BY version`
  )
  return rows.map(({ version }) => Number(version))
})

/**
 * When which version of a model was asked about everybody, oldest first: of each day (UTC)
 * the last time, because nobody is told twice a day.
 */
export const predictedMoments = Effect.fn("ModelQuality.moments")(function* (
  asked: Asked
) {
  const rows = yield* ask<{ version: string; at: string }>(
    sql`SELECT version, toUnixTimestamp64Milli(max(timestamp)) AS at
      FROM (${scored(asked)}) GROUP BY version, toDate(timestamp, 'UTC')
      ORDER BY at, version LIMIT ${integer(MOST_MOMENTS)}`
  )
  return rows.map(
    (row): Moment =>
      asked.kind === "online"
        ? { version: Number(row.version), at: dayOf(Number(row.at)), online: true }
        : { version: Number(row.version), at: Number(row.at) }
  )
})

const dayOf = (at: number): number => at - (at % DAY)

const scored = ({ from, kind, model, projectId, to, watermark }: Asked): Sql => {
  const version = string(traitOf(model, "version"))
  return sql`SELECT toInt64OrZero(props[${version}]) AS version, timestamp FROM events
    WHERE project_id = ${uint32(projectId)} AND event = '$identify'
      AND type = 'identify' AND timestamp >= ${instant(from)}
      AND timestamp < ${instant(to)} AND known_at <= ${instant(watermark)}
      AND startsWith(message_id, ${string(messageIdPrefix[kind])})
      AND props[${version}] != ''${also(keptEvents(contextAt(projectId, watermark)))}`
}

const ask = Effect.fnUntraced(function* <Row>(fragment: Sql) {
  const { params, sql: text } = render(fragment)
  return yield* Effect.mapError((yield* ClickHouse).query<Row>(text, { params }), away)
})
