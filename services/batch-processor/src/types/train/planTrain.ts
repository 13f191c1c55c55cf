import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { defaultFeatures } from "@analytics/ml-models/features/defaultFeatures"
import { Features } from "@analytics/ml-models/features/FeatureSpec"
import { partsFor, peopleStatement } from "@analytics/ml-models/features/featureRows"
import { inZone } from "@analytics/ml-models/features/inZone"
import { Effect, Option, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed } from "../../jobs/JobType.ts"
import { away } from "../export/away.ts"
import { WatermarkClient } from "../export/WatermarkClient.ts"
import { cutPlan, PlannedCut } from "./cutPlan.ts"
import { knownEvents, spanOf } from "./knownEvents.ts"
import type { Payload } from "./TrainPayload.ts"
import { timezoneOf } from "./timezoneOf.ts"

/** What a training reads, the same in every run of its job. */
export const Plan = Schema.Struct({
  /** Epoch milliseconds: what was known by then, and nothing else. */
  watermark: Schema.Int,
  features: Features,
  cuts: Schema.Array(PlannedCut),
  /** Into how many parts people are cut, by their number. */
  parts: Schema.Int,
  /** Which of the parts are read. */
  read: Schema.Array(Schema.Int)
})
export type Plan = typeof Plan.Type

/** Everything known at a watermark. Whether people are linked or erased is asked of nobody: both may come while a job runs. */
export const contextAt = (projectId: number, watermark: number): QueryContext => ({
  projectId,
  watermark,
  timezone: "UTC",
  now: watermark,
  hasLinks: true,
  hasTraitChanges: true,
  removals: true
})

/** Plans once, and keeps it for all runs of the job. */
export const planTrain = Effect.fn("Train.plan")(function* (
  projectId: number,
  payload: Payload
) {
  const kept = (yield* JobRun).checkpoint("plan", Plan)
  const known = yield* kept.read
  if (Option.isSome(known)) return known.value
  const plan = yield* made(projectId, payload)
  yield* kept.save(plan)
  return plan
})

const made = Effect.fnUntraced(function* (projectId: number, payload: Payload) {
  const watermark = yield* (yield* WatermarkClient).current
  const context = contextAt(projectId, watermark)
  const span = yield* spanOf(context)
  if (span === undefined)
    return yield* new JobFailed({
      detail: "The project has no activity yet: there is nothing to learn from."
    })
  const cuts = cutPlan(payload, span, watermark)
  if (typeof cuts === "string") return yield* new JobFailed({ detail: cuts })
  const features = inZone(
    payload.features ?? defaultFeatures(yield* knownEvents(context)),
    yield* timezoneOf(projectId)
  )
  const { parts, read } = partsOf(
    yield* peopleOf(context),
    payload.sample ?? 1,
    payload.seed ?? 1
  )
  const plan: Plan = { watermark, features, cuts, parts, read }
  return plan
})

/**
 * People's numbers are spread evenly, so that a share of the parts is a share of them. Each
 * part is a question of its own: there are no more than the share needs.
 */
export const partsOf = (people: number, sample: number, seed: number) => {
  let parts = partsFor(people)
  while (
    parts < MOST_PARTS &&
    Math.abs(Math.round(parts * sample) / parts - sample) > NEAR * sample
  )
    parts++
  const count = Math.max(1, Math.round(parts * sample))
  const read = Array.from({ length: count }, (_, index) => (seed + index) % parts)
  return { parts, read: read.sort((a, b) => a - b) }
}

const MOST_PARTS = 1000
/** How far the share may be from what was asked, as a share of it. */
const NEAR = 0.05

export const peopleOf = Effect.fnUntraced(function* (context: QueryContext) {
  const clickhouse = yield* ClickHouse
  const { params, sql } = peopleStatement(context)
  const [row] = yield* Effect.mapError(
    clickhouse.query<{ people: string }>(sql, { params }),
    away
  )
  return Number(row?.people ?? 0)
})
