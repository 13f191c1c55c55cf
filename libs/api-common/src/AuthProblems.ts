import { HttpApiError } from "effect/http-api"

export class Unauthorized extends HttpApiError.Problem<Unauthorized>()("Unauthorized", {
  type: "urn:analytics:problem:unauthorized",
  status: 401,
  title: "The key is missing, unknown, expired or revoked"
}) {}

export class Forbidden extends HttpApiError.Problem<Forbidden>()("Forbidden", {
  type: "urn:analytics:problem:forbidden",
  status: 403,
  title: "The key does not allow this"
}) {}
