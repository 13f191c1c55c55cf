import { forecast } from "../../src/forecast/forecastSeries.ts"
import { seasonsOf } from "../../src/forecast/Series.ts"
import type { PublicSeries } from "./publicSeries.ts"

export interface Measured {
  readonly name: string
  /** Absolute error over that of the better of naive and seasonal naive, in hindsight. */
  readonly ratio: number
  /** Share of values inside the 90 % intervals. */
  readonly coverage: number
  /** What the forecasts themselves say of it, on average. */
  readonly said: number
  readonly models: string
}

/**
 * Forecasts from `cuts` moments, evenly over the newer half of the series, each time from
 * what was known then, and holds it against what came.
 */
export const measured = (series: PublicSeries, cuts: number): Measured => {
  const { horizon, values } = series
  const span = Math.floor(values.length / 2) - horizon
  const stride = Math.max(1, Math.floor(span / Math.max(1, cuts - 1)))
  const [season] = seasonsOf(
    Number.POSITIVE_INFINITY,
    series.interval,
    series.seasonLengths
  )
  const errors = { own: 0, naive: 0, seasonal: season === undefined ? Infinity : 0 }
  const models = new Map<string, number>()
  const said: Array<number> = []
  let inside = 0
  let all = 0
  for (let cut = 0; cut < cuts; cut++) {
    const known = values.length - horizon - stride * (cuts - 1 - cut)
    const past = values.slice(0, known)
    const made = forecast({ ...series, values: past, levels: [0.9] })
    if ("refused" in made) throw new Error(made.detail)
    const [interval] = made.intervals
    models.set(made.model, (models.get(made.model) ?? 0) + 1)
    if (interval?.coverage != null) said.push(interval.coverage)
    values.slice(known, known + horizon).forEach((value, step) => {
      errors.own += Math.abs(value - (made.point[step] ?? 0))
      errors.naive += Math.abs(value - (past.at(-1) ?? 0))
      if (season !== undefined)
        errors.seasonal += Math.abs(
          value - (past[known - season + (step % season)] ?? 0)
        )
      all++
      if (
        value >= (interval?.lower[step] ?? 0) &&
        value <= (interval?.upper[step] ?? 0)
      )
        inside++
    })
  }
  return {
    name: `${series.name} (${series.interval})`,
    ratio: errors.own / Math.min(errors.naive, errors.seasonal),
    coverage: inside / all,
    said: said.reduce((sum, each) => sum + each, 0) / said.length,
    models: [...models].map(([model, count]) => `${model} ${count}`).join(", ")
  }
}

export const meanOf = (numbers: ReadonlyArray<number>): number =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length

/** As a table in Markdown. */
export const tableOf = (rows: ReadonlyArray<Measured>): string =>
  [
    "| series | error / best simple | 90 % covers | said | models |",
    "|---|---|---|---|---|",
    ...rows.map(
      ({ coverage, models, name, ratio, said }) =>
        `| ${name} | ${ratio.toFixed(3)} | ${(100 * coverage).toFixed(0)} % | ${(100 * said).toFixed(0)} % | ${models} |`
    ),
    `| all ${rows.length}, mean | ${meanOf(rows.map(({ ratio }) => ratio)).toFixed(3)} | ${(100 * meanOf(rows.map(({ coverage }) => coverage))).toFixed(1)} % | ${(100 * meanOf(rows.map(({ said }) => said))).toFixed(1)} % | |`
  ].join("\n")
