import { Effect, Schedule } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"

/** No connection, or one that ended without an answer, or a process that takes no requests. */
const tookNothing = (error: unknown): boolean =>
  HttpClientError.isHttpClientError(error) &&
  (error.reason._tag === "TransportError" || error.response?.status === 503)

/**
 * Asks up to twice more, within a second, when nobody took the request: who was asked is
 * being replaced, and another is there. For requests that may be done twice. The last 503
 * is an error, every other status an answer.
 */
export const askedAgain = <E, R>(http: HttpClient.HttpClient.With<E, R>) =>
  http.pipe(
    HttpClient.transformResponse(
      Effect.flatMap((response) =>
        response.status === 503
          ? HttpClientResponse.filterStatusOk(response)
          : Effect.succeed(response)
      )
    ),
    HttpClient.retry({
      while: tookNothing,
      times: 2,
      schedule: Schedule.exponential("150 millis").pipe(Schedule.jittered)
    })
  )
