import { HttpApiError } from "effect/http-api"

/** No such run of the asking project, or its files are gone. */
export class RunNotFound extends HttpApiError.Problem<RunNotFound>()("RunNotFound", {
  type: "urn:analytics:problem:run-not-found",
  status: 404,
  title: "There is no such run of a report"
}) {}
