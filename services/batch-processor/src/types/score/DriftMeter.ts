import { driftBetween } from "@analytics/ml-models/metrics/drift"
import type { DriftReference, Histogram } from "../train/trainer/TrainReport.ts"

/** How far something has gone from how it was when the version was made. */
export interface DriftOf {
  readonly name: string
  /** Population stability index; 0.1 is little, more than 0.2 deserves a look. */
  readonly psi: number
  /** What chance alone would make of it. */
  readonly expected: number
}

/** Counts features and scores into the bins of the reference, as they come. */
export class DriftMeter {
  private readonly reference: DriftReference
  private readonly features: ReadonlyArray<Counts>
  private readonly score: Counts

  constructor(reference: DriftReference) {
    this.reference = reference
    this.features = reference.features.map(({ histogram }) => new Counts(histogram))
    this.score = new Counts(reference.score)
  }

  add(
    columns: ReadonlyArray<Float32Array>,
    probabilities: Float32Array,
    rows: number
  ): void {
    this.features.forEach((counts, index) => {
      const column = columns[index]
      for (let row = 0; row < rows; row++) counts.add(column?.[row] ?? Number.NaN)
    })
    for (let row = 0; row < rows; row++)
      this.score.add(probabilities[row] ?? Number.NaN)
  }

  get ofScore(): DriftOf {
    return { name: "score", ...this.score.drift }
  }

  /** Largest first. */
  get ofFeatures(): ReadonlyArray<DriftOf> {
    return this.reference.features
      .map(({ name }, index) => ({
        name,
        ...(this.features[index]?.drift ?? { psi: 0, expected: 0 })
      }))
      .sort((a, b) => b.psi - a.psi)
  }
}

class Counts {
  private readonly reference: typeof Histogram.Type
  private readonly counts: Array<number>
  private missing = 0

  constructor(reference: typeof Histogram.Type) {
    this.reference = reference
    this.counts = reference.counts.map(() => 0)
  }

  add(value: number): void {
    if (Number.isNaN(value)) {
      this.missing++
      return
    }
    // There are ten bins or so: looking through them is as fast as halving.
    const { edges } = this.reference
    let bin = 0
    while (bin < edges.length && value > (edges[bin] ?? 0)) bin++
    this.counts[bin] = (this.counts[bin] ?? 0) + 1
  }

  get drift() {
    const { counts, missing } = this
    return driftBetween(this.reference, {
      edges: this.reference.edges,
      counts,
      missing
    })
  }
}
