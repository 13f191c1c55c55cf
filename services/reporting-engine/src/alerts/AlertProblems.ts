import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** Not an alert that this key can see. */
export class AlertNotFound extends HttpApiError.Problem<AlertNotFound>()(
  "AlertNotFound",
  {
    type: "urn:analytics:problem:alert-not-found",
    status: 404,
    title: "There is no such alert"
  },
  { alertId: Schema.String }
) {}

/** The alert, or the project, cannot take what was asked. */
export class AlertConflict extends HttpApiError.Problem<AlertConflict>()(
  "AlertConflict",
  {
    type: "urn:analytics:problem:alert-conflict",
    status: 409,
    title: "The alert cannot do this now"
  }
) {}

/** An alert that cannot be watched like this; a schema cannot see it. */
export class AlertInvalid extends HttpApiError.Problem<AlertInvalid>()(
  "AlertInvalid",
  {
    type: "urn:analytics:problem:alert-invalid",
    status: 422,
    title: "The alert cannot be made like this"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {
  static readonly at = (pointer: string, detail: string) =>
    new AlertInvalid({ detail, errors: [{ pointer, detail }] })
}

/** What is needed to judge a bucket cannot be asked now; it may be a moment later. */
export class EvidenceUnavailable extends HttpApiError.Problem<EvidenceUnavailable>()(
  "EvidenceUnavailable",
  {
    type: "urn:analytics:problem:alert-evidence-unavailable",
    status: 503,
    title: "What alerts judge by cannot be asked now; try again"
  }
) {}

export type EvidenceProblem = AlertInvalid | EvidenceUnavailable
