import type { Json, JsonObject } from "../ExactJson.ts"
import { idIn, pageOf, textIn } from "./plain.ts"
import { entityNamed, type SelfDescribing } from "./snowplowEntities.ts"

/** Texts that became part of the context and need not be kept elsewhere. */
export const contextTexts: ReadonlySet<string> = new Set(
  "url refr page ua ip lang tz tv".split(" ")
)

/** The same for ids, which may be numbers. */
export const contextIds: ReadonlySet<string> = new Set(
  "sid nuid tnuid fp mac".split(" ")
)

/** `1920x1080` as numbers. */
const sizeOf = (value: Json | undefined): readonly [number, number] | undefined => {
  const text = textIn(value)
  if (text === undefined) return undefined
  const [, width, height] = /^(\d{1,6})x(\d{1,6})$/.exec(text) ?? []
  return width === undefined ? undefined : [Number(width), Number(height)]
}

/** Whether `value` is a size, which then is in the context. */
export const isSize = (value: Json | undefined): boolean => sizeOf(value) !== undefined

const put = (into: Record<string, Json>, name: string, value: Json | undefined) => {
  if (value !== undefined && value !== null && value !== "") into[name] = value
}

const filled = (object: Record<string, Json>): Record<string, Json> | undefined => {
  for (const _ in object) return object
  return undefined
}

/** The context of an event in the names of the Segment protocol. */
export const contextOf = (
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing>
): JsonObject => {
  const context: Record<string, Json> = {}
  const session = entityNamed(entities, "client_session")
  put(context, "page", pageIn(fields, entities))
  put(context, "ip", textIn(fields["ip"]))
  put(context, "userAgent", textIn(fields["ua"]))
  put(context, "locale", textIn(fields["lang"]))
  put(context, "timezone", textIn(fields["tz"]))
  put(context, "sessionId", idIn(fields["sid"]) ?? idIn(session?.["sessionId"]))
  const version = textIn(fields["tv"])
  if (version !== undefined) context["library"] = { name: "snowplow", version }
  const screen = sizeOf(fields["res"])
  const viewport = sizeOf(fields["vp"])
  if (screen !== undefined || viewport !== undefined)
    context["screen"] = {
      ...(screen && { width: screen[0], height: screen[1] }),
      ...(viewport && { innerWidth: viewport[0], innerHeight: viewport[1] })
    }
  const application = entities.length === 0 ? undefined : ofApp(entities)
  put(context, "app", application)
  mobile(context, fields, entities, session)
  return context
}

const pageIn = (
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing>
): JsonObject | undefined => {
  const page = pageOf(
    textIn(fields["url"]),
    textIn(fields["refr"]),
    textIn(fields["page"])
  )
  const id = entityNamed(entities, "web_page")?.["id"]
  return id === undefined ? page : { ...page, id }
}

const ofApp = (entities: ReadonlyArray<SelfDescribing>) => {
  const entity = entityNamed(entities, "application")
  const app: Record<string, Json> = {}
  put(app, "version", entity?.["version"])
  put(app, "build", entity?.["build"])
  return filled(app)
}

/** All of what a device says of itself, so that it can be left out as a whole. */
const mobile = (
  context: Record<string, Json>,
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing>,
  session: JsonObject | undefined
) => {
  const said = entityNamed(entities, "mobile_context")
  const device: Record<string, Json> = { ...said }
  if (said !== undefined) {
    put(device, "manufacturer", said["deviceManufacturer"])
    put(device, "model", said["deviceModel"])
    const os: Record<string, Json> = {}
    put(os, "name", said["osType"])
    put(os, "version", said["osVersion"])
    put(context, "os", filled(os))
    const network: Record<string, Json> = {}
    put(network, "carrier", said["carrier"])
    put(network, "type", said["networkType"])
    put(context, "network", filled(network))
  }
  put(device, "session", session)
  const network = idIn(fields["tnuid"])
  put(device, "networkUserId", network ?? idIn(fields["nuid"]))
  if (network !== undefined) put(device, "nuid", idIn(fields["nuid"]))
  put(device, "fingerprint", idIn(fields["fp"]))
  put(device, "mac", idIn(fields["mac"]))
  put(context, "device", filled(device))
  put(context, "location", entityNamed(entities, "geolocation_context"))
}
