import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import { instantOf } from "../Timestamps.ts"
import type { Device, PlainEvent, Visit } from "./Protocol.ts"
import { idIn, objectIn, pageOf, textIn } from "./plain.ts"
import { propertiesOf, restOf } from "./properties.ts"
import { siteOf, type UmamiVisit, visitOf, visitOfToken } from "./umamiVisit.ts"

/** What has a place of its own; all else becomes a property. */
const known: ReadonlySet<string> = new Set(
  "website hostname language referrer screen title url name data timestamp ip userAgent id vid browser os device".split(
    " "
  )
)

const nothing: JsonObject = {}

/** An event, and whom the answer is about. */
export interface UmamiEvent {
  readonly event: PlainEvent
  readonly site: string
  readonly visit: UmamiVisit
}

/** A website, or the link or pixel that Umami has in its place. */
export const websiteOf = (payload: JsonObject): string | undefined =>
  textIn(payload["website"]) ?? textIn(payload["link"]) ?? textIn(payload["pixel"])

/** `payload` of `{type, payload}`. */
export const payloadOf = (item: Json): JsonObject | undefined =>
  isJsonObject(item) ? objectIn(item["payload"]) : undefined

const noPayload = new Refusal("payload must be an object: send {type, payload}")
const noType = new Refusal(
  "type must be one of event, identify, performance, engagement, error"
)

/** @param token `x-umami-cache` of the request */
export const eventOf = (
  item: Json,
  token: string | null,
  visit: Visit
): UmamiEvent | Refusal => {
  const payload = payloadOf(item)
  if (payload === undefined || !isJsonObject(item)) return noPayload
  const name = nameOf(textIn(item["type"]), payload)
  if (name === undefined) return noType
  const site = siteOf(websiteOf(payload) ?? "")
  const who = whoOf(site, payload, token, visit)
  const identifies = name === "identify"
  const userId = idIn(payload["id"])
  const data = objectIn(payload["data"])
  const rest = restOf(payload, known)
  const time = payload["timestamp"] ?? undefined
  const own = data ?? named("data", payload["data"])
  return {
    site,
    visit: who,
    event: {
      type: name === "" ? "page" : identifies ? "identify" : "track",
      fields: {
        ...(name !== "" && !identifies && { event: name }),
        ...(userId !== undefined && { userId }),
        // Kept by the client itself, where its script does so.
        anonymousId: idIn(payload["vid"]) ?? who.visitor,
        ...(time !== undefined && { timestamp: time }),
        ...(identifies
          ? { traits: own }
          : { properties: rest === undefined ? own : propertiesOf(own, rest) }),
        context: {
          ...contextOf(site, payload, who),
          // An identify has no properties.
          ...(identifies && rest !== undefined && { umami: rest })
        }
      }
    }
  }
}

/** The name of an event, `identify`, or nothing for a page view. */
const nameOf = (type: string | undefined, payload: JsonObject): string | undefined => {
  switch (type) {
    case "event": {
      const name = textIn(payload["name"])
      if (name !== undefined) return name
      if (textIn(payload["website"]) !== undefined) return ""
      return payload["link"] ? "link" : payload["pixel"] ? "pixel" : ""
    }
    case "identify":
    case "performance":
    case "engagement":
    case "error":
      return type
    default:
      return undefined
  }
}

/** A token names the device that sent it, and not whom a server speaks of. */
const whoOf = (
  site: string,
  payload: JsonObject,
  token: string | null,
  visit: Visit
): UmamiVisit => {
  const device: Device = {
    ip: textIn(payload["ip"]),
    userAgent: textIn(payload["userAgent"])
  }
  const time = instantOf(payload["timestamp"])
  const own = device.ip !== undefined || device.userAgent !== undefined
  const sent = own || time !== undefined ? undefined : visitOfToken(token, site, visit)
  return (
    sent ??
    visitOf(
      site,
      device,
      time === undefined || Number.isNaN(time) ? visit.receivedAt : time,
      visit
    )
  )
}

const contextOf = (
  site: string,
  payload: JsonObject,
  { visitId }: UmamiVisit
): JsonObject => {
  const page = pageIn(payload)
  return {
    ...(site !== "" && { site }),
    sessionId: visitId,
    ...(page !== undefined && { page }),
    ...named("locale", payload["language"]),
    ...screenOf(payload["screen"]),
    ...named("ip", payload["ip"]),
    ...named("userAgent", payload["userAgent"]),
    ...inside("browser", "name", payload["browser"]),
    ...inside("os", "name", payload["os"]),
    ...inside("device", "type", payload["device"])
  }
}

/** Umami's page is a path with its fragment, on a host that stands beside it. */
export const pageIn = (payload: JsonObject): JsonObject | undefined => {
  const host = textIn(payload["hostname"])
  const sent = textIn(payload["url"])
  const url =
    sent !== undefined && host !== undefined
      ? (URL.parse(sent, `https://${host}`)?.href ?? sent)
      : sent
  const page = pageOf(url, textIn(payload["referrer"]), textIn(payload["title"]))
  const hash = url === undefined ? -1 : url.indexOf("#")
  const path = page?.["path"]
  const own = url === undefined ? undefined : URL.parse(url)?.hostname
  const hostname = host === undefined || host === own ? nothing : { hostname: host }
  if (url !== undefined && hash !== -1 && typeof path === "string")
    return { ...page, path: path + url.slice(hash), ...hostname }
  return page === undefined && host === undefined ? undefined : { ...page, ...hostname }
}

/** `1920x1080`, in pixels. */
export const screenOf = (value: Json | undefined): JsonObject => {
  const [, width, height] = /^(\d{1,6})x(\d{1,6})$/.exec(textIn(value) ?? "") ?? []
  if (width !== undefined && height !== undefined)
    return { screen: { width: Number(width), height: Number(height) } }
  return inside("screen", "size", value)
}

const named = (name: string, value: Json | undefined): JsonObject =>
  value === undefined || value === null || value === "" ? nothing : { [name]: value }

const inside = (name: string, member: string, value: Json | undefined): JsonObject =>
  value === undefined || value === null || value === ""
    ? nothing
    : { [name]: { [member]: value } }
