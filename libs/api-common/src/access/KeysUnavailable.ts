import { HttpApiError } from "effect/http-api"

export class KeysUnavailable extends HttpApiError.Problem<KeysUnavailable>()(
  "KeysUnavailable",
  {
    type: "urn:analytics:problem:keys-unavailable",
    status: 503,
    title: "Nobody can say now whose key this is; try again"
  }
) {}
