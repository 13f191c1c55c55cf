import { HttpApiError } from "effect/http-api"

/** The link has ended, or nobody here signed it. */
export class LinkRefused extends HttpApiError.Problem<LinkRefused>()("LinkRefused", {
  type: "urn:analytics:problem:link-refused",
  status: 403,
  title: "This link does not work any more; ask for a new one"
}) {}
