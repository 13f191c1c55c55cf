import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** As many documents wait for a process as may. */
export class RendersBusy extends HttpApiError.Problem<RendersBusy>()(
  "RendersBusy",
  {
    type: "urn:analytics:problem:renders-busy",
    status: 429,
    title: "Too many documents are being rendered; try again soon"
  },
  { retryAfter: Schema.Int }
) {}

/** It took longer or needed more memory than a document may, or cannot be drawn. */
export class RenderFailed extends HttpApiError.Problem<RenderFailed>()("RenderFailed", {
  type: "urn:analytics:problem:render-failed",
  status: 422,
  title: "The document could not be rendered"
}) {}
