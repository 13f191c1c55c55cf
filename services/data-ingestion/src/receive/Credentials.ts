import { fromAuthorization } from "@analytics/api-common/BearerKey"
import { Option, Redacted } from "effect"

/**
 * The key of a request, as far as it can be told without its body: `Authorization` (Basic
 * with the key as user, or Bearer), else `writeKey` in the query.
 */
export const keyOf = (request: Request): string | undefined => {
  const header = request.headers.get("authorization")
  if (header !== null) {
    const key = fromAuthorization(header)
    if (Option.isSome(key)) return Redacted.value(key.value)
  }
  const query = request.url.indexOf("?")
  if (query === -1) return undefined
  return nonEmpty(new URLSearchParams(request.url.slice(query)).get("writeKey"))
}

/** `writeKey` in the body, where browsers put it because a beacon has no headers. */
export const keyInBody = (body: { readonly [name: string]: unknown }) =>
  nonEmpty(body["writeKey"])

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined
