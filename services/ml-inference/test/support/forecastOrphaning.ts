import { ForecastProcess } from "../../src/forecast/ForecastProcess.ts"

/** A service that forecasts: prints the id of the process that does, once it answered. */
const forecasting = new ForecastProcess()
forecasting.submit(
  { kind: "forecast", body: { values: [1, 2, 3], interval: "day", horizon: 1 } },
  () => {
    process.stdout.write(`${forecasting.pid}\n`)
  }
)
