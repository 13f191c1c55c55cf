import { type Statement, statement } from "@analytics/analytics-core/query/Compiled"
import { matchSql } from "@analytics/analytics-core/query/eventMatch"
import { source } from "@analytics/analytics-core/query/Source"
import { integer, sql, string } from "@analytics/analytics-core/query/Sql"
import { Values } from "@analytics/analytics-core/query/Values"
import {
  messageIdPrefix,
  traitOf
} from "@analytics/ml-models/predictions/predictionTraits"
import type { ModelReference } from "../models/ModelReference.ts"
import { contextAt } from "../train/planTrain.ts"

const DAY = 86_400_000

interface Asked {
  readonly projectId: number
  readonly watermark: number
  readonly model: string
  readonly reference: ModelReference
  readonly version: number
  /** Epoch milliseconds: when the day (UTC) begins. */
  readonly day: number
  /** People at most, those with the lowest numbers. */
  readonly limit: number
}

/**
 * What a version last said of each person who was asked about on a day and logged: the
 * columns `person`, `label`, probability and version, as of `trainingRows`. The days of the
 * target begin with the prediction, not with the day.
 */
export const onlineRows = ({
  day,
  limit,
  model,
  projectId,
  reference: { includeBots, target },
  version,
  watermark
}: Asked): Statement => {
  const context = contextAt(projectId, watermark)
  const said = new Values()
  const probability = said.of(traitOf(model, "probability")).column
  const by = said.of(traitOf(model, "version")).column
  const predictions = source(context, {
    events: ["$identify"],
    from: day,
    to: day + DAY,
    includeBots: true,
    columns: ["timestamp", "message_id"],
    person: true,
    values: said,
    where: [
      sql`toInt64OrZero(${by}) = ${integer(version)}`,
      sql`isNotNull(toFloat64OrNull(${probability}))`
    ],
    within: [sql`startsWith(message_id, ${string(messageIdPrefix.online)})`]
  })
  const last = sql`SELECT person, max(timestamp) AS at,
    argMax(toFloat64OrZero(${probability}), (timestamp, message_id)) AS said
    FROM (${predictions}) GROUP BY person ORDER BY person LIMIT ${integer(limit)}`
  const values = new Values()
  const hits = source(context, {
    events: target.event === undefined ? undefined : [target.event],
    from: day,
    to: day + DAY + target.days * DAY,
    includeBots,
    columns: ["timestamp", "event"],
    person: true,
    values,
    where: [matchSql(target, values)]
  })
  const first = sql`SELECT person, timestamp AS hit FROM (${hits})
    WHERE person IN (SELECT person FROM (${last}))`
  const isIn = sql`ifNull(hits.hit > predictions.at
    AND hits.hit <= predictions.at + INTERVAL ${integer(target.days)} DAY, 0)`
  const label = target.outcome === "does_not" ? sql`NOT ${isIn}` : isIn
  return statement(
    "online predictions",
    sql`SELECT predictions.person AS person, toFloat32(${label}) AS label,
      toFloat32(predictions.said) AS f0, toFloat32(${integer(version)}) AS f1
      FROM (${last}) AS predictions ASOF LEFT JOIN (${first}) AS hits
      ON predictions.person = hits.person AND hits.hit > predictions.at
      ORDER BY person`
  )
}
