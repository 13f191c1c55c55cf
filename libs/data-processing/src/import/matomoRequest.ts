import { createHash } from "node:crypto"
import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { jsonIn, pageOf } from "../protocols/plain.ts"
import type { Row } from "../readers/Row.ts"
import { writtenTime } from "../readers/writtenTime.ts"
import { type Mapped, rowId } from "./Mapped.ts"

const logged = writtenTime("dd/MMM/yyyy:HH:mm:ss Z", "+00:00")
const written = writtenTime("yyyy-MM-dd HH:mm:ss", "+00:00")
const seconds = writtenTime("unix", "+00:00")

const endpoint = /(?:^|\/)(?:matomo|piwik)\.php$/u

/** Parameters that have a place of their own, and those that say nothing of an event. */
const placed = new Set([
  ...["_id", "cid", "uid", "url", "urlref", "action_name", "cdt", "ua", "uadata"],
  ...["lang", "res", "cvar", "_cvar", "_rcn", "_rck", "cip", "token_auth"],
  ...["rec", "apiv", "rand", "r", "send_image", "h", "m", "s", "bots", "queuedtracking"]
])

/** Parameters that hold numbers. */
const numbers = new Set([
  ...["e_v", "revenue", "ec_st", "ec_tx", "ec_sh", "ec_dt", "search_count", "gt_ms"],
  ...["pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl", "bw_bytes"]
])

/** What some parameters are called among our properties. */
const names: ReadonlyMap<string, string> = new Map(
  Object.entries({
    e_c: "category",
    e_a: "action",
    e_n: "label",
    e_v: "value",
    search: "query",
    search_cat: "category",
    search_count: "results",
    link: "href",
    download: "href",
    idgoal: "goal",
    ec_id: "order_id",
    ec_st: "subtotal",
    ec_tx: "tax",
    ec_sh: "shipping",
    ec_dt: "discount",
    c_n: "content",
    c_p: "piece",
    c_t: "target",
    c_i: "interaction"
  })
)

/** A tracking request (`GET /matomo.php?idsite=1&rec=1&…`) of an access log. */
export const matomoRequest = (row: Row, file: string): Mapped => {
  const { fields } = row
  const [path = "", search = ""] = String(fields["path"] ?? "").split(/\?(.*)/su, 2)
  if (!endpoint.test(path)) return { reason: "no tracking request" }
  const query = new URLSearchParams(search)
  if (query.get("rec") !== "1")
    return {
      reason:
        "a tracking request without parameters: what was sent by POST is not in the log"
    }
  if (Number(fields["status"] ?? 200) >= 400)
    return { reason: "a tracking request that Matomo refused" }
  if (query.get("ping") === "1") return { reason: "a heartbeat, which is no event" }
  const timestamp = timeOf(query.get("cdt"), fields["time"])
  if (timestamp === undefined)
    return { reason: "the time of the request is not readable" }
  return {
    event: {
      ...named(query),
      timestamp,
      ...visitorOf(query, fields, timestamp, file),
      messageId: query.has("rand") ? requestId(fields) : rowId(file, row),
      properties: propertiesOf(query),
      context: contextOf(query, fields)
    }
  }
}

/** `cdt` is in UTC, as seconds or as a date; requests without it happened as logged. */
const timeOf = (given: string | null, log: unknown) =>
  given === null || given === "" ? logged(log) : (written(given) ?? seconds(given))

/** The same request in two logs, or in one that was cut elsewhere, is one event. */
const requestId = (fields: Row["fields"]): string => {
  const { ip, path, time, userAgent } = fields
  const hash = createHash("sha256").update(JSON.stringify([time, ip, path, userAgent]))
  return `matomo-${hash.digest("hex").slice(0, 40)}`
}

/** Without an id of Matomo's: a name made of address and browser, for a day. */
const visitorOf = (
  query: URLSearchParams,
  { ip, userAgent }: Row["fields"],
  timestamp: string | number,
  file: string
) => {
  const userId = query.get("uid") || undefined
  const known = query.get("_id") || query.get("cid") || undefined
  if (userId !== undefined || known !== undefined) return { userId, anonymousId: known }
  const day = new Date(timestamp).toISOString().slice(0, 10)
  const hash = createHash("sha256").update(`${file}|${day}|${ip}|${userAgent}`)
  return { anonymousId: hash.digest("hex").slice(0, 32) }
}

const named = (query: URLSearchParams) => {
  const track = (event: string) => ({ type: "track", event })
  const action = query.get("e_a")
  if (query.has("e_c") && action) return track(action)
  if (query.has("link")) return track("Outbound Link")
  if (query.has("download")) return track("File Download")
  if (query.has("search")) return track("Site Search")
  const goal = query.get("idgoal")
  if (goal !== null && goal !== "0") return track("Goal Completed")
  if (goal === "0")
    return track(query.has("ec_id") ? "Order Completed" : "Cart Updated")
  if (query.has("c_n"))
    return track(query.has("c_i") ? "Content Interaction" : "Content Impression")
  if (query.has("ma_id")) return track("Media Played")
  return query.get("ca") === "1" ? track("Custom Action") : { type: "page" }
}

const propertiesOf = (query: URLSearchParams): JsonObject => {
  // Names are whoever called the page's.
  const said = new Map<string, Json>()
  for (const list of [query.get("_cvar"), query.get("cvar")])
    for (const [name, value] of variablesOf(list)) said.set(name, value)
  const title = query.get("action_name")
  if (title) said.set("title", title)
  for (const [name, value] of query) {
    if (placed.has(name) || value === "") continue
    said.set(
      names.get(name) ?? name,
      name === "ec_items"
        ? (jsonIn(value) ?? value)
        : numbers.has(name)
          ? numberOf(value)
          : value
    )
  }
  const properties: JsonObject = Object.fromEntries(said)
  const { ec_items: items, ...others } = properties
  return Array.isArray(items)
    ? { ...others, products: items.map(productOf) }
    : properties
}

/** Custom variables: `{"1":["name","value"]}`. */
const variablesOf = (text: string | null): ReadonlyArray<readonly [string, Json]> => {
  const variables = text === null ? undefined : jsonIn(text)
  if (variables === undefined || !isJsonObject(variables)) return []
  return Object.values(variables).flatMap((pair) =>
    Array.isArray(pair) && typeof pair[0] === "string" && pair[0] !== ""
      ? [[pair[0], pair[1] ?? null] as const]
      : []
  )
}

/** `[sku, name, category, price, quantity]`. */
const productOf = (item: Json): Json => {
  if (!Array.isArray(item)) return item
  const [sku, name, category, price, quantity] = item
  return Object.fromEntries(
    Object.entries({ sku, name, category, price, quantity }).filter(
      (entry): entry is [string, Json] => entry[1] !== undefined
    )
  )
}

const numberOf = (text: string): Json => {
  const value = Number(text)
  return Number.isFinite(value) ? value : text
}

const contextOf = (query: URLSearchParams, fields: Row["fields"]): JsonObject => {
  const userAgent = query.get("ua") || textOf(fields["userAgent"])
  const locale = query.get("lang")?.split(/[,;]/u, 1)[0]
  const [width, height] = (query.get("res") ?? "").split("x").map(Number)
  const campaign = query.get("_rcn")
  const page = pageOf(
    query.get("url") || undefined,
    query.get("urlref") || undefined,
    query.get("action_name") || undefined
  )
  return {
    ...(userAgent && { userAgent }),
    ...(locale && { locale }),
    ...(width && height && { screen: { width, height } }),
    ...(campaign && {
      campaign: {
        name: campaign,
        ...(query.get("_rck") ? { term: query.get("_rck") } : {})
      }
    }),
    ...(page && { page })
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined
