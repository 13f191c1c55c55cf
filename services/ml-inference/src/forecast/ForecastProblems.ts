import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** The series contradicts itself; a schema cannot see it. */
export class SeriesInvalid extends HttpApiError.Problem<SeriesInvalid>()(
  "SeriesInvalid",
  {
    type: "urn:analytics:problem:series-invalid",
    status: 422,
    title: "The series cannot be read"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {}

/** As many forecasts wait as may. */
export class ForecastsBusy extends HttpApiError.Problem<ForecastsBusy>()(
  "ForecastsBusy",
  {
    type: "urn:analytics:problem:forecasts-busy",
    status: 429,
    title: "Too many forecasts are waiting; try again soon"
  },
  { retryAfter: Schema.Int }
) {}

/** It took longer than a forecast may, or its process ended. */
export class ForecastFailed extends HttpApiError.Problem<ForecastFailed>()(
  "ForecastFailed",
  {
    type: "urn:analytics:problem:forecast-failed",
    status: 503,
    title: "The forecast did not end"
  }
) {}
