import { describe, expect } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Result } from "effect"
import { Features } from "../../src/features/FeatureSpec.ts"
import { featureNames } from "../../src/features/featureName.ts"
import { ROWS_FORMAT, trainingRows } from "../../src/features/featureRows.ts"
import { RowReader } from "../../src/features/RowReader.ts"
import {
  splitAt,
  type TrainingRows,
  TrainingRowsBuilder
} from "../../src/features/TrainingRows.ts"
import { aucOf } from "../../src/metrics/auc.ts"
import { aucDifference } from "../../src/metrics/aucDifference.ts"
import { logLossOf } from "../../src/metrics/probabilityScores.ts"
import { baseRate } from "../../src/train/baseRate.ts"
import { calibrate } from "../../src/train/calibrate.ts"
import { logOddsOf, type Model, sigmoid } from "../../src/train/predict.ts"
import { trainLinear } from "../../src/train/trainLinear.ts"
import { trainTrees } from "../../src/train/trainTrees.ts"

const file = join(import.meta.dir, "../../../../../shared/datasets/CDNOW_master.txt.gz")
const DAY = 86_400_000
const END = Date.UTC(1998, 6, 1)
const TARGET = { event: "purchase", days: 90 }
/** Its label window is the last that is over. */
const HOLDOUT = END - TARGET.days * DAY
/** The last cut whose labels were known when the holdout was cut: choices are made on it. */
const VALIDATION = HOLDOUT - TARGET.days * DAY
const CUTS = [
  HOLDOUT,
  ...Array.from({ length: 11 }, (_, back) => VALIDATION - back * 30 * DAY)
]

const event = "purchase"
const windows = [15, 30, 45, 60, 90, 135, 180, 270, 365]
const written = [
  { kind: "days_since_last", event },
  { kind: "count", event },
  { kind: "active_days", event },
  { kind: "mean_gap", event },
  { kind: "overdue", event },
  ...windows.map((days) => ({ kind: "count", event, days })),
  ...[90, 180, 365].flatMap((days) => [
    { kind: "active_days", event, days },
    { kind: "sum", event, property: "value", days },
    { kind: "avg", event, property: "value", days }
  ]),
  ...[30, 60, 90, 180].map((days) => ({ kind: "trend", event, days })),
  ...["value", "cds"].flatMap((property) =>
    ["sum", "avg", "max", "last", "min"].map((kind) => ({ kind, event, property }))
  )
]
const RFM = ["days_since_last(purchase)", "count(purchase)", "sum(purchase.value)"]

// The data set is not part of the repository; see docs/testing.md.
if (process.env["TEST_LONG"] === "1" && existsSync(file))
  describe("CDNOW: who buys again within 90 days", () => {
    const { effect } = withLayer(TestClickHouse.client)

    const store = Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => Bun.file(file).bytes())
      const lines = new TextDecoder().decode(gunzipSync(bytes)).trim().split("\n")
      const events = lines.slice(1).map((line, index) => {
        const [who = "", when = "", cds = "", value = ""] = line.trim().split(/\s+/)
        const at = Date.parse(
          `${when.slice(0, 4)}-${when.slice(4, 6)}-${when.slice(6)}T00:00:00Z`
        )
        return {
          project_id: 1,
          event,
          type: "track",
          timestamp: at,
          received_at: at,
          known_at: at,
          message_id: `m${index}`,
          user_id: who,
          id_hash: Number(who),
          props: { cds, value: String(Number(value)) }
        }
      })
      yield* (yield* ClickHouse).insert({
        table: "events",
        format: "JSONEachRow",
        body: events.map((row) => JSON.stringify(row)).join("\n")
      })
    })

    const rowsOf = Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const features = yield* decodeStrictly(Features)(written)
      const statements = yield* trainingRows(
        {
          features,
          target: TARGET,
          population: { did: { event, days: 3660 } },
          cuts: CUTS,
          latenessHours: 0
        },
        { projectId: 1, timezone: "UTC", now: END, watermark: END, hasLinks: false }
      )
      const builder = new TrainingRowsBuilder(featureNames(features))
      for (const { cut, params, sql } of statements) {
        const bytes = yield* clickhouse.bytes(sql, { params, format: ROWS_FORMAT })
        const reader = new RowReader({ features: features.length, with: "label" })
        builder.add(reader.read(bytes), cut)
      }
      return builder.build()
    })

    effect(
      "trees beat the base rate and logistic regression, a blend the best of both",
      () =>
        Effect.gen(function* () {
          yield* store
          const { before, from: holdout } = splitAt(yield* rowsOf, HOLDOUT)
          const validation = splitAt(before, VALIDATION).from
          // What was known, labels included, when the validation was cut.
          const early = splitAt(before, VALIDATION - TARGET.days * DAY + 1).before

          /** Odds of the holdout, calibrated by how the same did on the validation. */
          const tried = (
            train: (rows: TrainingRows) => Model,
            names?: Array<string>
          ) => {
            const [a, b, c, d] = [early, validation, before, holdout].map((rows) =>
              names ? onlyColumns(rows, names) : rows
            )
            if (!a || !b || !c || !d) throw new Error("rows")
            return {
              validation: logOddsOf(train(a), b),
              holdout: logOddsOf(train(c), d)
            }
          }
          const calibrated = (odds: Odds) => {
            const { intercept, slope } = calibrate(odds.validation, validation.labels)
            return {
              validation: odds.validation.map((one) =>
                sigmoid(slope * one + intercept)
              ),
              holdout: odds.holdout.map((one) => sigmoid(slope * one + intercept))
            }
          }
          const lossOf = (odds: Odds) =>
            logLossOf(validation.labels, calibrated(odds).validation) ?? 0
          const best = (candidates: ReadonlyArray<Odds>): Odds =>
            candidates.reduce((one, other) =>
              lossOf(other) < lossOf(one) ? other : one
            )

          const line = (l2: number) => (rows: TrainingRows) =>
            Result.getOrThrow(trainLinear(rows, { l2 }))
          const trees = (leaves: number, count: number) => (rows: TrainingRows) =>
            Result.getOrThrow(
              trainTrees(rows, {
                leaves,
                trees: count,
                learningRate: 0.05,
                minChildWeight: 50,
                l2: 50,
                columnShare: 0.5,
                monotone: directions(rows.names)
              })
            ).model

          const base = calibrated(tried(baseRate))
          const rfm = calibrated(tried(line(1), RFM))
          const plain = tried(line(1))
          const tuned = best([
            plain,
            ...[100, 1000, 10_000].map((l2) => tried(line(l2)))
          ])
          const grown = best(
            [trees(8, 120), trees(4, 200)].map((train) => tried(train))
          )
          const mixed = best(
            [0.25, 0.5, 0.75].map((share) => blend(grown, tuned, share))
          )

          const print = (name: string, { holdout: chances }: Odds, than?: Odds) => {
            const auc = aucOf(holdout.labels, chances) ?? 0
            const logLoss = logLossOf(holdout.labels, chances) ?? 0
            const gain = than && aucDifference(holdout.labels, chances, than.holdout)
            process.stdout.write(
              `${name}: AUC ${auc.toFixed(4)}, log loss ${logLoss.toFixed(4)}${
                gain
                  ? `, AUC ${gain.value.toFixed(4)} above plain logistic [${gain.low.toFixed(4)}, ${gain.high.toFixed(4)}]`
                  : ""
              }\n`
            )
            return { auc, logLoss, gain }
          }
          const positives = holdout.labels.reduce((sum, label) => sum + label, 0)
          process.stdout.write(
            `CDNOW: ${before.rows} rows of ${CUTS.length - 1} cuts, holdout ${holdout.rows}, ${((100 * positives) / holdout.rows).toFixed(1)} % buy again\n`
          )
          const ofBase = print("base rate", base)
          const ofRfm = print("logistic, RFM", rfm)
          const logistic = calibrated(plain)
          const ofPlain = print("logistic", logistic)
          const ofTuned = print("logistic, tuned", calibrated(tuned), logistic)
          const ofTrees = print("trees", calibrated(grown), logistic)
          const ofMixed = print("trees and logistic", calibrated(mixed), logistic)

          for (const baseline of [ofBase, ofPlain]) {
            expect(ofTrees.auc).toBeGreaterThan(baseline.auc)
            expect(ofTrees.logLoss).toBeLessThan(baseline.logLoss)
          }
          // Purchases alone tell little more than recency and frequency do: lines whose
          // regularisation was chosen rank as well as trees, with worse probabilities.
          for (const baseline of [ofRfm, ofTuned]) {
            expect(ofTrees.logLoss).toBeLessThan(baseline.logLoss)
            expect(ofMixed.auc).toBeGreaterThan(baseline.auc)
            expect(ofMixed.logLoss).toBeLessThan(baseline.logLoss)
          }
        })
    )
  })

interface Odds {
  readonly validation: Float64Array
  readonly holdout: Float64Array
}

const blend = (one: Odds, other: Odds, share: number): Odds => {
  const mix = (a: Float64Array, b: Float64Array) =>
    a.map((value, row) => share * value + (1 - share) * (b[row] ?? 0))
  return {
    validation: mix(one.validation, other.validation),
    holdout: mix(one.holdout, other.holdout)
  }
}

/** More purchases never lower the chance, more days since the last never raise it. */
const directions = (names: ReadonlyArray<string>) =>
  Object.fromEntries(
    names.flatMap((name): ReadonlyArray<readonly [string, 1 | -1]> => {
      if (/^(count|active_days|sum)\(/u.test(name)) return [[name, 1]]
      return name.startsWith("days_since_last") ? [[name, -1]] : []
    })
  )

const onlyColumns = (
  rows: TrainingRows,
  names: ReadonlyArray<string>
): TrainingRows => ({
  ...rows,
  names,
  columns: names.map((name) => {
    const column = rows.columns[rows.names.indexOf(name)]
    if (!column) throw new Error(name)
    return column
  })
})
