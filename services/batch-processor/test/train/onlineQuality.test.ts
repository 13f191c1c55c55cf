import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import {
  messageIdPrefix,
  predictionTraits
} from "@analytics/ml-models/predictions/predictionTraits"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Layer } from "effect"
import { JobRun } from "../../src/jobs/JobRun.ts"
import { WatermarkClient } from "../../src/types/export/WatermarkClient.ts"
import { modelQuality } from "../../src/types/model-quality/modelQuality.ts"
import { ModelsClient } from "../../src/types/models/ModelsClient.ts"
import type { Facts } from "../../src/types/models/ModelViews.ts"
import { jobRun, newJob } from "../TestJobRun.ts"
import { idHash, WATERMARK } from "./behaviour.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const PROJECT = 51
const MODEL = "buys.soon"
/** Of which target windows have just ended. */
const LAST = WATERMARK - 5 * DAY

const layer = Layer.merge(
  TestClickHouse.client,
  Layer.succeed(WatermarkClient, {
    current: Effect.succeed(WATERMARK),
    changedAt: () => Effect.succeed(null)
  })
)

const histogram = { edges: [0.5], counts: [1, 1], missing: 0 }

const reference = (outcome: "does" | "does_not") => ({
  features: [{ kind: "count", event: "view", days: 7 }],
  target: { event: "buy", days: 3, ...(outcome === "does" ? {} : { outcome }) },
  population: {},
  includeBots: false,
  drift: { features: [], score: histogram }
})

/** Versions of one model, of which the second foretells that something does not happen. */
const versions = (["does", "does_not"] as const).map((outcome, index) => ({
  version: index + 1,
  lineage: {},
  metrics: {},
  reference: reference(outcome),
  quality: [] as Facts[]
}))

const models = Layer.mock(ModelsClient, {
  model: () => Effect.succeed({ aliases: {} }),
  versions: () => Effect.succeed(versions),
  version: (_project, _name, version) =>
    Effect.fromNullishOr(versions[version - 1]).pipe(Effect.orDie),
  addQuality: (_project, _name, version, measured) =>
    Effect.sync(() => {
      versions[version - 1]?.quality.unshift(JSON.parse(JSON.stringify(measured)))
    })
})

let rows = 0

const row = (person: number, at: number, more: object) => ({
  project_id: PROJECT,
  timestamp: at,
  received_at: at,
  known_at: at + 1000,
  message_id: `m-${rows++}`,
  user_id: `u${person}`,
  anonymous_id: "",
  id_hash: idHash(person),
  props: {},
  context: {},
  ...more
})

const buys = (person: number, at: number) =>
  row(person, at, { event: "buy", type: "track" })

const said = (
  person: number,
  at: number,
  probability: number,
  version = 1,
  prefix: string = messageIdPrefix.online
) => {
  const { predictions } = predictionTraits({ model: MODEL, version, probability, at })
  return row(person, at, {
    event: "$identify",
    type: "identify",
    message_id: `${prefix}${rows++}`,
    props: Object.fromEntries(
      Object.entries(predictions[MODEL] ?? {}).map(([name, value]) => [
        `predictions.buys\\.soon.${name}`,
        JSON.stringify(value)
      ])
    )
  })
}

describe("what came of predictions that were logged", () => {
  const { effect } = withLayer(layer)

  effect("counts the last of each person and day, from its own moment on", () =>
    Effect.gen(function* () {
      const noon = LAST + 12 * HOUR
      const clickhouse = yield* ClickHouse
      yield* clickhouse.insert({
        table: "events",
        format: "JSONEachRow",
        body: [
          // Bought before what was said last: that did not come true.
          said(0, noon - HOUR, 0.9),
          buys(0, noon - 1),
          said(0, noon, 0.1),
          // At the same moment is not after it; the last moment of the days counts.
          said(1, noon, 0.2),
          buys(1, noon),
          said(2, noon, 0.8),
          buys(2, noon + 3 * DAY),
          said(3, noon, 0.3),
          buys(3, noon + 3 * DAY + 1),
          // Twice is as good as once; midnight belongs to the day.
          said(4, LAST, 0.7),
          buys(4, LAST + HOUR),
          buys(4, LAST + 2 * HOUR),
          // The day before, another version, a scoring, a target that is not over.
          said(5, LAST - 1, 0.6),
          buys(5, LAST),
          said(6, noon, 0.4, 2),
          buys(6, noon + HOUR),
          said(7, noon, 0.5, 1, "something-else-"),
          said(8, LAST + DAY, 0.5)
        ]
          .map((it) => JSON.stringify(it))
          .join("\n"),
        settings: { insert_deduplicate: 0 }
      })
      const measure = Effect.suspend(() => {
        const id = crypto.randomUUID()
        return modelQuality
          .run({ id, projectId: PROJECT, payload: { model: MODEL } })
          .pipe(
            Effect.provideService(JobRun, jobRun(newJob(), { id, projectId: PROJECT })),
            Effect.provide(models)
          )
      })
      const { measured } = yield* measure
      const at = new Date(LAST).toISOString()
      expect(measured).toMatchObject([
        {
          kind: "online",
          at: new Date(LAST - DAY).toISOString(),
          version: 1,
          rows: 1,
          baseRate: 1
        },
        { kind: "online", at, version: 1, rows: 5, baseRate: 2 / 5, auc: 1 },
        { kind: "online", at, version: 2, rows: 1, baseRate: 0 }
      ])
      expect(versions[0]?.quality).toMatchObject([
        { kind: "online", at, rows: 5, positives: 2 },
        { kind: "online", rows: 1 }
      ])
      // What was measured is not measured again.
      expect(yield* measure).toMatchObject({ measured: [] })
    })
  )
})
