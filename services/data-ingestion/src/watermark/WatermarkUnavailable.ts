import { HttpApiError } from "effect/http-api"

/** Callers go on with the last watermark they know. */
export class WatermarkUnavailable extends HttpApiError.Problem<WatermarkUnavailable>()(
  "WatermarkUnavailable",
  {
    type: "urn:analytics:problem:watermark-unavailable",
    status: 503,
    title: "The watermark cannot be told now"
  }
) {}
