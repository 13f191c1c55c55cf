import type { SeriesInterval, Values } from "./Series.ts"

export interface AnomaliesRequest {
  readonly values: Values
  readonly interval: SeriesInterval
  /** In values; without it those usual for the interval. */
  readonly seasonLengths?: ReadonlyArray<number>
  /** Share of ordinary values that may be flagged, above 0 and at most 0.2. */
  readonly falseAlarmRate: number
  /** Smaller differences are no anomaly, in the unit of the values; without it 5 of counts. */
  readonly minimumChange?: number
}

/** What one value was held against: what came before it, and nothing later. */
export interface Judged {
  /** null: nothing could be expected yet. */
  readonly expected: number | null
  readonly lower: number | null
  readonly upper: number | null
  /** Distance from what was expected, in half-widths of the range: above 1 outside. */
  readonly score: number | null
  readonly anomaly: "high" | "low" | "missing" | null
}

export interface ChangePoint {
  /** Position of the first value of the new level. */
  readonly index: number
  readonly before: number
  readonly after: number
}

export interface Anomalies {
  readonly points: ReadonlyArray<Judged>
  readonly changePoints: ReadonlyArray<ChangePoint>
  readonly seasonLengths: ReadonlyArray<number>
}
