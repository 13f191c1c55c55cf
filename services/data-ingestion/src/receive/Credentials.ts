import { fromAuthorization } from "@analytics/api-common/BearerKey"
import type { ProtocolRoute } from "@analytics/data-processing/protocols/Protocol"
import { Option, Redacted } from "effect"

/** The key in `Authorization`: Basic with the key as user, or Bearer. */
const inHeader = (headers: Headers): string | undefined => {
  const header = headers.get("authorization")
  return header === null
    ? undefined
    : Option.getOrUndefined(Option.map(fromAuthorization(header), Redacted.value))
}

/**
 * The key of a request, as far as it can be told without its body: in the path, else in
 * `Authorization`, else where the protocol has it.
 */
export const keyBefore = (
  route: ProtocolRoute,
  pathKey: string | undefined,
  headers: Headers,
  query: URLSearchParams
): string | undefined =>
  pathKey ??
  (route.otherAuthorization === true ? undefined : inHeader(headers)) ??
  route.keysOf(headers, query)[0]

/** The keys that are left to try once the body is read, the likeliest first. */
export const keysAfter = (
  route: ProtocolRoute,
  keys: ReadonlyArray<string>,
  headers: Headers
): ReadonlyArray<string> => {
  const other = route.otherAuthorization === true ? inHeader(headers) : undefined
  return other === undefined ? keys : [...keys, other]
}
