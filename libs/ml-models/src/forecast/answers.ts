import { anomaliesOf } from "./anomaliesOf.ts"
import type {
  AnomaliesAnswer,
  AnomaliesBody,
  ForecastAnswer,
  ForecastBody
} from "./ForecastWire.ts"
import { MOST_VALUES } from "./ForecastWire.ts"
import { forecast } from "./forecastSeries.ts"
import { type GridFault, gridOf } from "./timeGrid.ts"

const USUAL_LEVELS = [0.9]
const USUAL_SENSITIVITY = 0.01

/** What `POST /v1/forecast` answers. Takes up to a second or two of one core. */
export const answerForecast = (body: ForecastBody): ForecastAnswer | GridFault => {
  const grid = gridOf(body, MOST_VALUES)
  if ("fault" in grid) return grid
  const found = forecast({
    values: grid.values,
    interval: body.interval,
    horizon: body.horizon,
    levels: body.levels ?? USUAL_LEVELS,
    ...(body.seasonLengths ? { seasonLengths: body.seasonLengths } : {})
  })
  const isTimed = grid.timestamp(0) !== null
  return {
    ...("refused" in found
      ? { forecast: null, refused: { reason: found.refused, detail: found.detail } }
      : { forecast: found, refused: null }),
    timestamps: isTimed
      ? Array.from(
          { length: body.horizon },
          (_, step) => grid.timestamp(grid.values.length + step) ?? ""
        )
      : null
  }
}

/** What `POST /v1/anomalies` answers. */
export const answerAnomalies = (body: AnomaliesBody): AnomaliesAnswer | GridFault => {
  const grid = gridOf(body, MOST_VALUES)
  if ("fault" in grid) return grid
  const { changePoints, points, seasonLengths } = anomaliesOf({
    values: grid.values,
    interval: body.interval,
    falseAlarmRate: body.sensitivity ?? USUAL_SENSITIVITY,
    ...(body.seasonLengths ? { seasonLengths: body.seasonLengths } : {}),
    ...(body.minimumChange === undefined ? {} : { minimumChange: body.minimumChange })
  })
  return {
    expected: points.map(({ expected }) => expected),
    lower: points.map(({ lower }) => lower),
    upper: points.map(({ upper }) => upper),
    score: points.map(({ score }) => score),
    anomalies: points.flatMap(({ anomaly, score }, index) =>
      anomaly === null
        ? []
        : [
            {
              index,
              timestamp: grid.timestamp(index),
              kind: anomaly,
              value: grid.values[index] ?? null,
              score
            }
          ]
    ),
    changePoints: changePoints.map((change) => ({
      ...change,
      timestamp: grid.timestamp(change.index)
    })),
    seasonLengths
  }
}
