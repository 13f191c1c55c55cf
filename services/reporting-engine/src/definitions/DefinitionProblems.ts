import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

export class ReportNotFound extends HttpApiError.Problem<ReportNotFound>()(
  "ReportNotFound",
  {
    type: "urn:analytics:problem:report-not-found",
    status: 404,
    title: "There is no such report"
  }
) {}

/** Somebody else changed it in between. */
export class ReportChanged extends HttpApiError.Problem<ReportChanged>()(
  "ReportChanged",
  {
    type: "urn:analytics:problem:report-changed",
    status: 409,
    title: "The report was changed by somebody else; read it again"
  },
  { version: Schema.Int }
) {}

/** Subscriptions send it. */
export class ReportInUse extends HttpApiError.Problem<ReportInUse>()("ReportInUse", {
  type: "urn:analytics:problem:report-in-use",
  status: 409,
  title: "Subscriptions send the report"
}) {}

/** As many as a project may have. */
export class TooManyReports extends HttpApiError.Problem<TooManyReports>()(
  "TooManyReports",
  {
    type: "urn:analytics:problem:too-many-reports",
    status: 409,
    title: "A project has no more reports than this; delete one"
  }
) {}

/** A definition that contradicts itself; a schema cannot see it. */
export class ReportInvalid extends HttpApiError.Problem<ReportInvalid>()(
  "ReportInvalid",
  {
    type: "urn:analytics:problem:report-invalid",
    status: 422,
    title: "The report cannot be made like this"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {
  static readonly at = (pointer: string, detail: string) =>
    new ReportInvalid({ detail, errors: [{ pointer, detail }] })
}
