import type { Json, JsonObject } from "../ExactJson.ts"
import { pageOf, textIn } from "./plain.ts"

/** A place for what an event says, filled in field by field. */
export type Fields = { [name: string]: Json }

/** `context` of an event's properties; undefined when they say nothing that belongs there. */
export const contextOf = (
  given: JsonObject,
  library: JsonObject | undefined
): JsonObject | undefined => {
  const context: Fields = {}
  const name = textIn(given["$lib"])
  if (name !== undefined)
    context["library"] = { name, version: given["$lib_version"] ?? null }
  else if (library !== undefined) context["library"] = library
  const page = pageIn(given)
  if (page !== undefined) context["page"] = page
  const session = textIn(given["$session_id"])
  if (session !== undefined) context["sessionId"] = session
  const userAgent = userAgentOf(given)
  if (userAgent !== undefined) context["userAgent"] = userAgent
  const ip = textIn(given["$ip"])
  // Who asks that nobody is looked up by an address keeps it in the properties alone.
  if (ip !== undefined && given["$geoip_disable"] !== true) context["ip"] = ip
  for (const _ in context) return context
  return undefined
}

const pageIn = (given: JsonObject): JsonObject | undefined => {
  const url = textIn(given["$current_url"])
  const referrer = textIn(given["$referrer"])
  const page = pageOf(
    url,
    referrer === "$direct" ? undefined : referrer,
    url === undefined ? undefined : (textIn(given["$title"]) ?? textIn(given["title"]))
  )
  const path = textIn(given["$pathname"])
  return path === undefined || page?.["path"] !== undefined ? page : { ...page, path }
}

export const userAgentOf = (given: JsonObject): string | undefined =>
  textIn(given["$raw_user_agent"]) ?? textIn(given["$user_agent"])
