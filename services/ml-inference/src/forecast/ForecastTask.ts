import type {
  AnomaliesAnswer,
  AnomaliesBody,
  ForecastAnswer,
  ForecastBody
} from "@analytics/ml-models/forecast/ForecastWire"
import type { GridFault } from "@analytics/ml-models/forecast/timeGrid"

/** A line to the process that forecasts, as JSON. */
export type ForecastTask =
  | { readonly kind: "forecast"; readonly body: ForecastBody }
  | { readonly kind: "anomalies"; readonly body: AnomaliesBody }

/** The line that it answers. */
export type ForecastTaskAnswer = ForecastAnswer | AnomaliesAnswer | GridFault
