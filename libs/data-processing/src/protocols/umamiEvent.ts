import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import { instantOf } from "../Timestamps.ts"
import { clientOf } from "../UserAgent.ts"
import type { Device, PlainEvent, Visit } from "./Protocol.ts"
import { idIn, objectIn, pageOf, textIn } from "./plain.ts"
import { propertiesOf, restOf } from "./properties.ts"
import {
  siteOf,
  type UmamiVisit,
  visitIdOf,
  visitOf,
  visitOfToken
} from "./umamiVisit.ts"

/** What has a place of its own; all else becomes a property. */
const known: ReadonlySet<string> = new Set(
  "website hostname language referrer screen title url name data timestamp ip userAgent id vid browser os device".split(
    " "
  )
)

const knownUnnamed: ReadonlySet<string> = new Set(
  [...known].filter((name) => name !== "name")
)

const nothing: JsonObject = {}

/** An event, and whom the answer is about. */
export interface UmamiEvent {
  readonly event: PlainEvent
  readonly site: string
  readonly visit: UmamiVisit
  readonly visitId: string
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

/** What a request says of the one who sent it. */
export interface Sender {
  /** `x-umami-cache` */
  readonly token: string | null
  /** `User-Agent` */
  readonly agent: string | null
}

export const eventOf = (
  item: Json,
  { agent, token }: Sender,
  visit: Visit
): UmamiEvent | Refusal => {
  const payload = payloadOf(item)
  if (payload === undefined || !isJsonObject(item)) return noPayload
  const kind = kindOf(textIn(item["type"]), payload)
  if (kind === undefined) return noType
  const site = siteOf(websiteOf(payload) ?? "")
  const who = whoOf(site, payload, token, visit)
  const { data } = payload
  const own = objectIn(data) ?? (isAbsent(data) ? nothing : { data })
  const named = isAbsent(payload["name"]) || payload["name"] === kind.name
  // A name that is no event's, as of an `identify`, has no other place.
  const rest = restOf(payload, named ? known : knownUnnamed)
  const visitId = visitIdOf(who)
  const context = contextOf(site, payload, visitId)
  const fields: Fields = { context }
  const userId = idIn(payload["id"])
  // Kept by the client itself, where its script does so.
  const kept = idIn(payload["vid"])
  // All that a server says comes from one device, which is none of the people it names.
  if (kept !== undefined || userId === undefined || !isOfServer(payload, agent))
    fields["anonymousId"] = kept ?? who.visitor
  if (kind.type === "identify") {
    fields["traits"] = own
    // An identify has no properties.
    if (rest !== undefined) context["umami"] = rest
  } else fields["properties"] = rest === undefined ? own : propertiesOf(own, rest)
  if (kind.name !== undefined) fields["event"] = kind.name
  if (userId !== undefined) fields["userId"] = userId
  const time = payload["timestamp"]
  if (!isAbsent(time)) fields["timestamp"] = time
  return { site, visit: who, visitId, event: { type: kind.type, fields } }
}

/** Fields that are set one by one: spreading a dozen costs as much as all the rest. */
type Fields = Record<string, Json>

const isAbsent = (value: Json | undefined): value is undefined | null | "" =>
  value === undefined || value === null || value === ""

interface Kind {
  readonly type: "track" | "page" | "identify"
  /** Of a `track`. */
  readonly name?: string
}

const page: Kind = { type: "page" }
const identify: Kind = { type: "identify" }

const kindOf = (type: string | undefined, payload: JsonObject): Kind | undefined => {
  switch (type) {
    case "event": {
      const name = textIn(payload["name"])
      if (name !== undefined) return { type: "track", name }
      if (textIn(payload["website"]) !== undefined) return page
      if (payload["link"]) return { type: "track", name: "link" }
      return payload["pixel"] ? { type: "track", name: "pixel" } : page
    }
    case "identify":
      return identify
    case "performance":
    case "engagement":
    case "error":
      return { type: "track", name: type }
    default:
      return undefined
  }
}

/** Whether a program speaks, as `@umami/node` does, and of no device in particular. */
const isOfServer = (payload: JsonObject, agent: string | null): boolean =>
  isAbsent(payload["ip"]) &&
  isAbsent(payload["userAgent"]) &&
  (agent === null || agent.startsWith("Mozilla/5.0 Umami/") || clientOf(agent).isBot)

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

const contextOf = (site: string, payload: JsonObject, visitId: string): Fields => {
  const context: Fields = { sessionId: visitId }
  if (site !== "") context["site"] = site
  const page = pageIn(payload)
  if (page !== undefined) context["page"] = page
  const screen = screenOf(payload["screen"])
  if (screen !== undefined) context["screen"] = screen
  const { browser, device, ip, language, os, userAgent } = payload
  if (!isAbsent(language)) context["locale"] = language
  if (!isAbsent(ip)) context["ip"] = ip
  if (!isAbsent(userAgent)) context["userAgent"] = userAgent
  if (!isAbsent(browser)) context["browser"] = { name: browser }
  if (!isAbsent(os)) context["os"] = { name: os }
  if (!isAbsent(device)) context["device"] = { type: device }
  return context
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
  if (host === undefined && url?.includes("#") !== true) return page
  const hash = url === undefined ? -1 : url.indexOf("#")
  const path = page?.["path"]
  const isOfHost = host === undefined || (url !== undefined && isOn(url, host))
  return {
    ...page,
    ...(url !== undefined &&
      hash !== -1 &&
      typeof path === "string" && { path: path + url.slice(hash) }),
    ...(!isOfHost && { hostname: host })
  }
}

/** Whether an address is of a host, as far as can be told without reading it all. */
const isOn = (url: string, host: string): boolean => {
  const rest = url.indexOf("://") + 3
  return (
    url.startsWith(host, rest) && /^(?:[:/?#]|$)/.test(url.slice(rest + host.length))
  )
}

/** `1920x1080`, in pixels. */
export const screenOf = (value: Json | undefined): JsonObject | undefined => {
  if (isAbsent(value)) return undefined
  const [, width, height] = /^(\d{1,6})x(\d{1,6})$/.exec(textIn(value) ?? "") ?? []
  return width === undefined || height === undefined
    ? { size: value }
    : { width: Number(width), height: Number(height) }
}
