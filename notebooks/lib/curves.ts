import {
  type CalibrationBin,
  calibrationTable
} from "@analytics/ml-models/metrics/calibrationTable"
import { type Evaluation, evaluate } from "@analytics/ml-models/metrics/evaluate"

/** People who were told the same probability, and for how many of them it came. */
export interface Told {
  readonly probability: number
  readonly people: number
  readonly positives: number
}

/** A point of the curves: what follows from taking everybody down to `probability`. */
export interface Taken {
  readonly probability: number
  /** Share of all people who are taken. */
  readonly share: number
  /** Share of those for whom it came who are taken: recall. */
  readonly hits: number
  /** Share of the others who are taken. */
  readonly falseAlarms: number
  readonly people: number
  readonly positives: number
}

const sum = (told: ReadonlyArray<Told>, of: "people" | "positives"): number =>
  told.reduce((total, it) => total + it[of], 0)

/**
 * From nobody to everybody, the highest probability first. Who was told the same is taken
 * together, so that the curve does not depend on an order that means nothing.
 */
export const curve = (told: ReadonlyArray<Told>): ReadonlyArray<Taken> => {
  const all = sum(told, "people")
  const came = sum(told, "positives")
  const taken: Array<Taken> = [
    { probability: 1, share: 0, hits: 0, falseAlarms: 0, people: 0, positives: 0 }
  ]
  let people = 0
  let positives = 0
  for (const it of told.toSorted((a, b) => b.probability - a.probability)) {
    people += it.people
    positives += it.positives
    taken.push({
      probability: it.probability,
      share: people / all,
      hits: came === 0 ? 0 : positives / came,
      falseAlarms: all === came ? 0 : (people - positives) / (all - came),
      people,
      positives
    })
  }
  return taken
}

/** As the jobs `train` and `model-quality` judge it, by the same code. */
export const judged = (told: ReadonlyArray<Told>): Evaluation => {
  const { labels, probabilities } = rowsOf(told)
  return evaluate(labels, probabilities)
}

/** What was said and what came, in groups of about equally many people. */
export const calibration = (
  told: ReadonlyArray<Told>,
  groups: number
): ReadonlyArray<CalibrationBin> => {
  const { labels, probabilities } = rowsOf(told)
  return calibrationTable(labels, probabilities, groups)
}

const rowsOf = (told: ReadonlyArray<Told>) => {
  const labels = new Uint8Array(sum(told, "people"))
  const probabilities = new Float64Array(labels.length)
  let at = 0
  for (const { people, positives, probability } of told) {
    labels.fill(1, at, at + positives)
    probabilities.fill(probability, at, at + people)
    at += people
  }
  return { labels, probabilities }
}
