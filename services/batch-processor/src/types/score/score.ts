import type { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType } from "../../jobs/JobType.ts"
import type { WatermarkClient } from "../export/WatermarkClient.ts"
import type { ImportClient } from "../import/ImportClient.ts"
import { addQualityOnce } from "../models/addQualityOnce.ts"
import type { ModelsClient } from "../models/ModelsClient.ts"
import { removalsOf } from "../removal/removalsOf.ts"
import { forgetFolders, workFolder } from "../train/workFolder.ts"
import { DriftMeter } from "./DriftMeter.ts"
import { Plan, planScore } from "./planScore.ts"
import { Counts, Payload } from "./ScorePayload.ts"
import { scorePeople } from "./scorePeople.ts"
import { sendScores } from "./sendScores.ts"

const DriftOf = Schema.Struct({
  name: Schema.String,
  psi: Schema.Number,
  expected: Schema.Number.annotate({
    description: "What chance alone would make of it"
  })
})

const Scored = Schema.Struct({
  ...Counts.fields,
  drift: Schema.Struct({
    score: DriftOf,
    features: Schema.Array(DriftOf).annotate({ description: "Largest first" })
  })
})

const Result = Schema.Struct({
  model: Schema.String,
  version: Schema.Int,
  at: Schema.String.annotate({ description: "Everything before it was known" }),
  ...Scored.fields
})

/** A PSI above this is worth a warning. */
const NOTABLE = 0.2
const MOST_NAMED = 5
/** Of the result, and of what the version keeps, which has 16 KiB. */
const MOST_FEATURES = 10
const MOST_KEPT = 40
/** How often all is read again because people were erased meanwhile. */
const MOST_ROUNDS = 5

/** Tells of everybody what a model foretells, as traits of people. */
export const score: JobType<
  typeof Payload,
  typeof Result,
  ClickHouse | WatermarkClient | ModelsClient | ImportClient
> = {
  name: "score",
  description:
    "Asks a model about everybody of its population and keeps the answers as traits: `user.predictions.<model>.probability`, `.percentile`, `.version` and `.at` are properties that every query can filter by.",
  of: "project",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 2,
    inAll: 4,
    waiting: 20,
    time: 6 * 3_600_000,
    memory: 192,
    attempts: 5
  },
  run: Effect.fn("Score.run")(function* ({ id, payload, projectId }) {
    const { step } = yield* JobRun
    if (projectId === null) return yield* Effect.die("a scoring is of a project")
    const plan = yield* step("plan", Plan, planScore(projectId, payload))
    const scored = yield* step(
      "score",
      Scored,
      scoreAll({ id, payload, projectId, plan })
    )
    const at = new Date(plan.watermark).toISOString()
    const { model } = payload
    yield* step(
      "quality",
      Schema.Void,
      addQualityOnce(
        { projectId, model, version: plan.version },
        {
          at,
          kind: "drift",
          job: id,
          people: scored.people,
          score: scored.drift.score,
          features: scored.drift.features.slice(0, MOST_KEPT)
        }
      )
    )
    const { drift, ...counts } = scored
    return {
      model,
      version: plan.version,
      at,
      ...counts,
      drift: { ...drift, features: drift.features.slice(0, MOST_FEATURES) }
    }
  }),
  cleanUp: ({ id }) => forgetFolders(id)
}

interface Asked {
  readonly id: string
  readonly payload: Payload
  readonly projectId: number
  readonly plan: Plan
}

/** Nobody is told of who was erased meanwhile: then all is read anew. */
const scoreAll = Effect.fnUntraced(function* (asked: Asked) {
  const { log } = yield* JobRun
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const scored = yield* scoreOnce(asked).pipe(
      Effect.catchTag("Erased", () =>
        Effect.as(
          log("info", "people were erased: the others are read anew"),
          undefined
        )
      )
    )
    if (scored === undefined) continue
    yield* warned(scored.drift)
    return scored
  }
  return yield* new JobFailed({
    detail:
      "People were erased as fast as they were scored. Start the job again when erasures have ended."
  })
})

/** Says in the job's log what has gone far from how it was in training. */
const warned = Effect.fnUntraced(function* ({
  features,
  score
}: (typeof Scored.Type)["drift"]) {
  const { log } = yield* JobRun
  const far = [score, ...features].filter(
    // What chance makes of few people is no drift.
    ({ expected, psi }) => psi - expected > NOTABLE
  )
  if (far.length === 0) return
  const [first] = far
  const names = far
    .slice(0, MOST_NAMED)
    .map(({ name, psi }) => `${name} ${psi.toFixed(2)}`)
  yield* log(
    "warning",
    `distributed otherwise than when the version was trained (PSI): ${names.join(", ")}${far.length > MOST_NAMED ? ` and ${far.length - MOST_NAMED} more` : ""}. If that is how it is now, train anew.`,
    { drifted: far.length, largest: first?.psi ?? 0 }
  )
})

const scoreOnce = Effect.fnUntraced(function* ({
  id,
  payload,
  plan,
  projectId
}: Asked) {
  const removals = yield* removalsOf(projectId)
  const folder = yield* workFolder(id)
  const meter = new DriftMeter(plan.drift)
  const scores = yield* scorePeople({ projectId, payload, plan }, folder, meter)
  const by = { model: payload.model, version: plan.version, at: plan.watermark }
  const counts = yield* sendScores({ projectId, by, scores, removals })
  return { ...counts, drift: { score: meter.ofScore, features: meter.ofFeatures } }
}, Effect.scoped)
