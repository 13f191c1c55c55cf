import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** analytics-api or data-ingestion does not answer now; the same may work a moment later. */
export class AnalyticsUnavailable extends HttpApiError.Problem<AnalyticsUnavailable>()(
  "AnalyticsUnavailable",
  {
    type: "urn:analytics:problem:analytics-unavailable",
    status: 503,
    title: "What reports are made of cannot be asked now; try again"
  },
  {
    /** Seconds; where it has too much to do, and says when to come again. */
    retryAfter: Schema.optionalKey(Schema.Int)
  }
) {}

/** It says no to this question, and will say so again; `detail` is its reason. */
export class AnalyticsRefused extends HttpApiError.Problem<AnalyticsRefused>()(
  "AnalyticsRefused",
  {
    type: "urn:analytics:problem:analytics-refused",
    status: 422,
    title: "What is asked for cannot be answered"
  },
  {
    /** The status of its answer: 404 when there is no such thing (any more). */
    answered: Schema.Int
  }
) {}

export type AnalyticsProblem = AnalyticsUnavailable | AnalyticsRefused
