import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** The query took longer than one may. */
export class QueryTimedOut extends HttpApiError.Problem<QueryTimedOut>()(
  "QueryTimedOut",
  {
    type: "urn:analytics:problem:query-timed-out",
    status: 408,
    title: "The query took longer than a query may"
  }
) {}

/** The query is larger, or needs more memory, than one may. */
export class QueryTooLarge extends HttpApiError.Problem<QueryTooLarge>()(
  "QueryTooLarge",
  {
    type: "urn:analytics:problem:query-too-large",
    status: 422,
    title: "The query is larger than a query may be"
  }
) {}

/** As many queries run and wait as this process allows. */
export class TooManyQueries extends HttpApiError.Problem<TooManyQueries>()(
  "TooManyQueries",
  {
    type: "urn:analytics:problem:too-many-queries",
    status: 429,
    title: "Too many queries are running; try again soon"
  },
  { retryAfter: Schema.Int }
) {}

/** The event store, or the watermark that every answer needs, cannot be had. */
export class QueriesUnavailable extends HttpApiError.Problem<QueriesUnavailable>()(
  "QueriesUnavailable",
  {
    type: "urn:analytics:problem:queries-unavailable",
    status: 503,
    title: "Queries cannot be answered now; try again"
  }
) {}

/** Not a query of this project, or no longer. */
export class QueryNotFound extends HttpApiError.Problem<QueryNotFound>()(
  "QueryNotFound",
  {
    type: "urn:analytics:problem:query-not-found",
    status: 404,
    title: "There is no such query"
  }
) {}

/** The process that ran it ended. */
export class QueryInterrupted extends HttpApiError.Problem<QueryInterrupted>()(
  "QueryInterrupted",
  {
    type: "urn:analytics:problem:query-interrupted",
    status: 503,
    title: "The query was interrupted by a restart; send it again"
  }
) {}

/** The client reads none of the forms in which this can be answered. */
export class NotAcceptable extends HttpApiError.Problem<NotAcceptable>()(
  "NotAcceptable",
  {
    type: "urn:analytics:problem:not-acceptable",
    status: 406,
    title: "There is no answer in the form that Accept names"
  }
) {}
