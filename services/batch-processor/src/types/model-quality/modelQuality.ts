import type { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType } from "../../jobs/JobType.ts"
import { WatermarkClient } from "../export/WatermarkClient.ts"
import { addQualityOnce } from "../models/addQualityOnce.ts"
import { ModelReference, referenceOf } from "../models/ModelReference.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import type { VersionView } from "../models/ModelViews.ts"
import { measured } from "./measured.ts"
import { type Moment, predictedMoments, scoringVersions } from "./predictedMoments.ts"
import { Payload } from "./QualityPayload.ts"

const Measured = Schema.Struct({
  version: Schema.Int,
  at: Schema.String.annotate({
    description: "When it was foretold; of `online` when its day (UTC) begins"
  }),
  kind: Schema.Literals(["outcome", "online"]).annotate({
    description: "Of a scoring, or of requests that were logged"
  }),
  rows: Schema.Int,
  baseRate: Schema.Number.annotate({ description: "How often it came" }),
  auc: Schema.NullOr(Schema.Number),
  logLoss: Schema.NullOr(Schema.Number)
})

const Result = Schema.Struct({
  model: Schema.String,
  measured: Schema.Array(Measured).annotate({
    description:
      "Newest last, 100 at most; `GET /v1/models/{name}/versions/{v}` has all of it"
  })
})

const DAY = 86_400_000
const DEFAULT_DAYS = 30
const DEFAULT_LATENESS = 24
/** Days: of any target. */
const LONGEST_TARGET = 3660
/** Moments of one job: the oldest first. */
const MOST = 100

/** Compares what was foretold with what came. */
export const modelQuality: JobType<
  typeof Payload,
  typeof Result,
  ClickHouse | WatermarkClient | ModelsClient
> = {
  name: "model-quality",
  description:
    "Compares the predictions of a model with what came, once their target windows are over: AUC, log loss, calibration and base rate, by version and moment, kept as the version's quality.",
  of: "project",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 2,
    waiting: 20,
    time: 3 * 3_600_000,
    memory: 192,
    attempts: 5
  },
  run: Effect.fn("ModelQuality.run")(function* ({ id, payload, projectId }) {
    const { log, progress, step } = yield* JobRun
    if (projectId === null) return yield* Effect.die("a model is of a project")
    const { days = DEFAULT_DAYS, latenessHours = DEFAULT_LATENESS, model } = payload
    const { moments, watermark } = yield* step(
      "plan",
      Plan,
      planned({ projectId, model, days, latenessHours })
    )
    const all: Array<typeof Measured.Type> = []
    for (const { reference, ...moment } of moments) {
      const at = new Date(moment.at).toISOString()
      const kind = kindOf(moment)
      const found = yield* step(
        `version ${moment.version} at ${at}${moment.online ? ", online" : ""}`,
        Schema.NullOr(Measured),
        Effect.gen(function* () {
          const asked = { projectId, watermark, model, reference, latenessHours }
          const quality = yield* measured(asked, moment)
          if (quality === undefined) return null
          yield* addQualityOnce(
            { projectId, model, version: moment.version },
            { at, kind, job: id, ...quality }
          )
          const { auc, baseRate, logLoss, rows } = quality
          return {
            version: moment.version,
            at,
            kind,
            rows,
            baseRate,
            auc: auc?.value ?? null,
            logLoss
          }
        })
      )
      if (found !== null) all.push(found)
      yield* progress({ done: all.length, total: moments.length, unit: "moments" })
    }
    if (all.length === 0)
      yield* log("info", "nothing is to be measured: no target window has ended since")
    return { model, measured: all }
  })
}

const Planned = Schema.Struct({
  version: Schema.Int,
  at: Schema.Int,
  online: Schema.optionalKey(Schema.Boolean),
  reference: ModelReference
})

const Plan = Schema.Struct({
  watermark: Schema.Int,
  moments: Schema.Array(Planned)
})

interface Asked {
  readonly projectId: number
  readonly model: string
  readonly days: number
  readonly latenessHours: number
}

/** Moments whose target windows ended lately and that nobody has measured. */
const planned = Effect.fnUntraced(function* ({
  days,
  latenessHours,
  model,
  projectId
}: Asked) {
  const client = yield* ModelsClient
  if ((yield* client.model(projectId, model)) === undefined)
    return yield* new JobFailed({ detail: `There is no model ${model}.` })
  const watermark = yield* (yield* WatermarkClient).current
  const over = watermark - latenessHours * 3_600_000
  const asked = { projectId, watermark, model, to: over }
  // The longest target there may be lies before the first of the days.
  const ever = { ...asked, from: over - (days + LONGEST_TARGET) * DAY }
  const scoredBy = new Set([
    ...(yield* scoringVersions({ ...ever, kind: "scored" })),
    ...(yield* scoringVersions({ ...ever, kind: "online" }))
  ])
  const versions = new Map<number, Known>()
  // Of those that are there: whoever may send events may name any other.
  for (const { version } of yield* client.versions(projectId, model)) {
    if (!scoredBy.has(version)) continue
    const view = yield* client.version(projectId, model, version)
    const reference = referenceOf(view)
    if (reference !== undefined) versions.set(version, { view, reference })
  }
  const targets = Array.from(versions.values(), (it) => it.reference.target.days)
  const since = {
    ...asked,
    from: over - (days + Math.max(0, ...targets) + 1) * DAY
  }
  const found = [
    ...(yield* predictedMoments({ ...since, kind: "scored" })),
    ...(yield* predictedMoments({ ...since, kind: "online" }))
  ].sort((one, other) => one.at - other.at)
  const moments: Array<typeof Planned.Type> = []
  for (const moment of found) {
    const known = versions.get(moment.version)
    if (known === undefined || isMeasured(known.view, moment)) continue
    const { reference } = known
    const last = moment.online ? moment.at + DAY : moment.at + 1
    const end = last + reference.target.days * DAY
    if (end <= over && end > over - days * DAY) moments.push({ ...moment, reference })
  }
  return { watermark, moments: moments.slice(0, MOST) }
})

const kindOf = ({ online }: { readonly online?: boolean }): "online" | "outcome" =>
  online ? "online" : "outcome"

interface Known {
  readonly view: VersionView
  readonly reference: ModelReference
}

/** Of each kind, that a version keeps. */
const MOST_KEPT = 100

/** What lies before the oldest of a full list was measured and went. */
const isMeasured = ({ quality }: VersionView, moment: Moment): boolean => {
  const { at } = moment
  const kind = kindOf(moment)
  const outcomes = quality
    .filter((it) => it["kind"] === kind)
    .map((it) => Date.parse(String(it["at"])))
  return (
    outcomes.includes(at) ||
    (outcomes.length >= MOST_KEPT && at < Math.min(...outcomes))
  )
}
