import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Result } from "effect"
import { aucOf } from "../../src/metrics/auc.ts"
import {
  calibrationError,
  calibrationTable
} from "../../src/metrics/calibrationTable.ts"
import { logLossOf } from "../../src/metrics/probabilityScores.ts"
import { calibrate } from "../../src/train/calibrate.ts"
import type { Dataset } from "../../src/train/Dataset.ts"
import { logOddsOf, probabilitiesOf, sigmoid } from "../../src/train/predict.ts"
import { makeRandom, shuffle } from "../../src/train/Random.ts"
import { trainLinear } from "../../src/train/trainLinear.ts"
import { trainTrees } from "../../src/train/trainTrees.ts"
import { linearLaw, nonlinearLaw } from "../support/laws.ts"

const isLong = process.env["TEST_LONG"] === "1"
setDefaultTimeout(isLong ? 600_000 : 60_000)
const rows = isLong ? 100_000 : 10_000

const training = nonlinearLaw(rows, 11)
const validation = nonlinearLaw(rows / 5, 12)
const holdout = nonlinearLaw(isLong ? 50_000 : 20_000, 13)

const auc = (dataset: Dataset, scores: Float64Array) =>
  aucOf(dataset.labels, scores) ?? 0

const treesOf = (dataset: Dataset, judge?: Dataset) =>
  Result.getOrThrow(trainTrees(dataset, judge && { validation: judge })).model

const linearOf = (dataset: Dataset) => Result.getOrThrow(trainLinear(dataset))

describe("trees on a nonlinear law", () => {
  const model = treesOf(training, validation)
  const odds = logOddsOf(model, holdout)

  it("rank nearly as well as the truth, and far better than a line", () => {
    const best = auc(holdout, holdout.truth)
    expect(best - auc(holdout, odds)).toBeLessThan(isLong ? 0.008 : 0.025)
    const linear = auc(holdout, logOddsOf(linearOf(training), holdout))
    expect(auc(holdout, odds) - linear).toBeGreaterThan(0.1)
    expect(linear).toBeGreaterThan(0.65)
  })

  it("say what comes, once calibrated", () => {
    const calibration = calibrate(logOddsOf(model, validation), validation.labels)
    const said = probabilitiesOf({ ...model, calibration }, holdout)
    const table = calibrationTable(holdout.labels, said)
    expect(calibrationError(table)).toBeLessThan(0.02)
    expect(logLossOf(holdout.labels, said)).toBeLessThan(
      logLossOf(
        holdout.labels,
        holdout.truth.map(() => 0.33)
      ) ?? 0
    )
  })

  it("learn that a missing value says something", () => {
    const index = 5
    const there = Float32Array.of(0)
    const gone = Float32Array.of(Number.NaN)
    const one = (value: Float32Array) => ({
      names: model.features,
      columns: model.features.map((_, at) => (at === index ? value : there)),
      rows: 1
    })
    const rise =
      (logOddsOf(model, one(gone))[0] ?? 0) - (logOddsOf(model, one(there))[0] ?? 0)
    expect(rise).toBeGreaterThan(0.6)
    expect(rise).toBeLessThan(1.8)
  })

  it("find nothing in shuffled labels", () => {
    const random = makeRandom(5)
    const mixed = { ...training, labels: shuffle(training.labels.slice(), random) }
    const judge = { ...validation, labels: shuffle(validation.labels.slice(), random) }
    const unknown = { ...holdout, labels: shuffle(holdout.labels.slice(), random) }
    for (const model of [treesOf(mixed), treesOf(mixed, judge), linearOf(mixed)])
      expect(Math.abs(auc(unknown, logOddsOf(model, unknown)) - 0.5)).toBeLessThan(0.03)
  })

  it("are no worse for a feature that stands there twice", () => {
    const twice = (dataset: Dataset): Dataset => ({
      ...dataset,
      names: [...dataset.names, "again"],
      columns: [...dataset.columns, ...dataset.columns.slice(0, 1)]
    })
    const model = treesOf(twice(training), twice(validation))
    const own = auc(holdout, logOddsOf(model, twice(holdout)))
    expect(Math.abs(own - auc(holdout, odds))).toBeLessThan(0.01)
  })
})

describe("on a linear law", () => {
  const training = linearLaw(rows, 21)
  const holdout = linearLaw(20_000, 22)
  const best = auc(holdout, holdout.truth)

  it("logistic regression is as good as the truth", () => {
    const model = linearOf(training)
    expect(best - auc(holdout, logOddsOf(model, holdout))).toBeLessThan(0.002)
    const table = calibrationTable(holdout.labels, probabilitiesOf(model, holdout))
    expect(calibrationError(table)).toBeLessThan(0.02)
  })

  it("trees come near", () => {
    const model = treesOf(training, linearLaw(rows / 5, 23))
    expect(best - auc(holdout, logOddsOf(model, holdout))).toBeLessThan(0.02)
  })
})

describe("calibration", () => {
  it("undoes log odds that are too sure", () => {
    const truth = linearLaw(20_000, 31)
    const off = truth.truth.map((p) => 2 * Math.log(p / (1 - p)) + 1)
    const { slope, intercept } = calibrate(off, truth.labels)
    expect(slope).toBeCloseTo(0.5, 1)
    expect(intercept).toBeCloseTo(-0.5, 1)
  })

  it("leaves the base rate of log odds that rank the wrong way or not at all", () => {
    const labels = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0)
    const upside = Float64Array.of(-3, -2, 1, 2, 3, 1, 2, 3)
    const flat = new Float64Array(8).fill(7)
    for (const odds of [upside, flat]) {
      const { slope, intercept } = calibrate(odds, labels)
      const said = odds.map((own) => sigmoid(slope * own + intercept))
      for (const probability of said) expect(probability).toBeCloseTo(3 / 10, 1)
    }
  })

  it("stays finite where the labels are told apart, and keeps what it cannot judge", () => {
    const apart = calibrate(Float64Array.of(-2, -1, 1, 2), Uint8Array.of(0, 0, 1, 1))
    expect(apart.slope).toBeGreaterThan(0.3)
    expect(apart.slope).toBeLessThan(10)
    const kept = { slope: 1, intercept: 0 }
    expect(calibrate(Float64Array.of(1, 2), Uint8Array.of(1, 1))).toEqual(kept)
    expect(calibrate(new Float64Array(0), new Uint8Array(0))).toEqual(kept)
    expect(calibrate(Float64Array.of(1, Number.NaN), Uint8Array.of(1, 0))).toEqual(kept)
    expect(
      calibrate(Float64Array.of(1e300, -1e300), Uint8Array.of(1, 0)).slope
    ).not.toBeNaN()
  })
})
