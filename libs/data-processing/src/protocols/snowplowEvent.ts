import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import type { PlainEvent, Visit } from "./Protocol.ts"
import { idIn, messageIdOf, objectIn, textIn } from "./plain.ts"
import { contextIds, contextOf, contextTexts, isSize } from "./snowplowContext.ts"
import {
  byName,
  entitiesOf,
  entityNamed,
  jsonField,
  nameRead,
  type SelfDescribing,
  selfDescribing
} from "./snowplowEntities.ts"

/** What an event is in our terms. */
interface What {
  readonly type: "track" | "page" | "screen"
  readonly event?: string
  readonly properties: JsonObject
  /** Of self-describing events. */
  readonly schema?: string
}

/** Texts that have a place of their own, and do not have to be kept beside. */
const consumed = new Set(["e", ...contextTexts])

/** The same for ids, which may be numbers. */
const ids = new Set(["eid", "uid", "duid", ...contextIds])

const noObject = new Refusal("an event must be an object")
const noKind = new Refusal("e must be one of pv, pp, se, ue, tr, ti")
const noSchema = new Refusal(
  "ue_pr or ue_px must hold self-describing JSON: a schema and its data"
)

const nothing: ReadonlyArray<SelfDescribing> = []

/**
 * One event of the Snowplow tracker protocol, whose values are texts. What has no place of
 * its own is in the property `snowplow`.
 */
export const snowplowEvent = (item: Json, visit: Visit): PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const entities = entitiesOf(item)
  const what = whatOf(item, entities ?? nothing)
  if (what instanceof Refusal) return what
  const { event, properties, schema, type } = what
  const userId = idIn(item["uid"])
  const given = anonymousIdOf(item, entities ?? nothing)
  const anonymousId =
    given ?? (userId === undefined ? visitorOf(item, visit) : undefined)
  const eid = idIn(item["eid"])
  const fields: Record<string, Json> = {
    properties: withRest(properties, restOf(item, entities, schema)),
    context: contextOf(item, entities ?? nothing)
  }
  if (event !== undefined) fields["event"] = event
  if (eid !== undefined) fields["messageId"] = messageIdOf(eid)
  if (userId !== undefined) fields["userId"] = userId
  if (anonymousId !== undefined) fields["anonymousId"] = anonymousId
  // Whoever sets the true time knows it: no clock was involved.
  const trueTime = item["ttm"] ?? ""
  if (trueTime !== "") fields["timestamp"] = trueTime
  else {
    const { dtm, stm } = item
    // By the device's clock, however long it kept the event: never history.
    if (dtm !== undefined && dtm !== "")
      fields["originalTimestamp"] = millisecondsIn(dtm)
    if (stm !== undefined) fields["sentAt"] = millisecondsIn(stm)
  }
  return { type, fields }
}

/** Times of today as numbers, which are cheaper to read; all others as they are. */
const millisecondsIn = (value: Json): Json =>
  typeof value === "string" && /^\d{13}$/.test(value) ? Number(value) : value

/** Whoever the device says it is: of the page's domain, of the app, of the network. */
const anonymousIdOf = (
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing>
): string | undefined =>
  somebodyIn(fields["duid"]) ??
  (entities.length === 0
    ? undefined
    : somebodyIn(entityNamed(entities, "client_session")?.["userId"])) ??
  somebodyIn(fields["tnuid"]) ??
  somebodyIn(fields["nuid"])

/** What trackers send in place of an id where users are to be anonymous is none. */
const somebodyIn = (value: Json | undefined): string | undefined => {
  const id = idIn(value)
  return id === "00000000-0000-0000-0000-000000000000" ? undefined : id
}

/** A server's address says nothing of a visitor: what it says of nobody stands alone. */
const visitorOf = (fields: JsonObject, visit: Visit): string =>
  fields["p"] === "srv"
    ? ""
    : visit.visitor(hashable(fields["aid"]) ?? "", deviceOf(fields))

const deviceOf = (fields: JsonObject) => ({
  ip: hashable(fields["ip"]),
  userAgent: hashable(fields["ua"])
})

/** Without NUL, which keeps names of visitors apart from other hashes. */
const hashable = (value: Json | undefined): string | undefined =>
  textIn(textIn(value)?.replaceAll("\0", ""))

const whatOf = (
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing>
): What | Refusal => {
  switch (fields["e"]) {
    case "pv":
      return { type: "page", properties: {} }
    case "pp":
      return { type: "track", event: "page_ping", properties: named(fields, ping) }
    case "se":
      return structured(fields)
    case "ue":
      return described(fields, entities)
    case "tr":
      return { type: "track", event: "transaction", properties: named(fields, order) }
    case "ti":
      return {
        type: "track",
        event: "transaction_item",
        properties: named(fields, item)
      }
    default:
      return noKind
  }
}

const ping = {
  pp_mix: "min_x",
  pp_max: "max_x",
  pp_miy: "min_y",
  pp_may: "max_y"
}

const struct = {
  se_ca: "category",
  se_ac: "action",
  se_la: "label",
  se_pr: "property",
  se_va: "value"
}

const order = {
  tr_id: "order_id",
  tr_af: "affiliation",
  tr_tt: "revenue",
  tr_tx: "tax",
  tr_sh: "shipping",
  tr_ci: "city",
  tr_st: "state",
  tr_co: "country",
  tr_cu: "currency"
}

const item = {
  ti_id: "order_id",
  ti_sk: "sku",
  ti_nm: "name",
  ti_ca: "category",
  ti_pr: "price",
  ti_qu: "quantity",
  ti_cu: "currency"
}

/** Fields that hold numbers, which the protocol writes as texts. */
const numeric = new Set(
  "pp_mix pp_max pp_miy pp_may se_va tr_tt tr_tx tr_sh ti_pr ti_qu vid cd".split(" ")
)

/** By kind of event, the fields that became its properties. */
const told = new Map<Json | undefined, ReadonlySet<string>>([
  ["pp", new Set(Object.keys(ping))],
  ["se", new Set(Object.keys(struct))],
  ["tr", new Set(Object.keys(order))],
  ["ti", new Set(Object.keys(item))]
])

const named = (
  fields: JsonObject,
  names: Readonly<Record<string, string>>
): Record<string, Json> => {
  const properties: Record<string, Json> = {}
  for (const field in names) {
    const value = fields[field]
    if (value === undefined) continue
    properties[names[field] as string] = numeric.has(field) ? numberIn(value) : value
  }
  return properties
}

/** A number that is written plainly; everything else as it is. */
const numberIn = (value: Json): Json =>
  typeof value === "string" && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)
    ? Number(value)
    : value

const structured = (fields: JsonObject): What => ({
  type: "track",
  event: textIn(fields["se_ac"]) ?? textIn(fields["se_ca"]) ?? "event",
  properties: named(fields, struct)
})

const described = (
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing>
): What | Refusal => {
  const outer = objectIn(jsonField(fields, "ue_pr", "ue_px"))
  const inner = selfDescribing(outer?.["data"])
  if (inner === undefined) return noSchema
  const { data, name, schema, vendor } = inner
  const properties = isJsonObject(data) ? data : { data }
  if (!vendor.startsWith("com.snowplowanalytics."))
    return { type: "track", event: name, properties, schema }
  if (name === "screen_view") return { type: "screen", properties, schema }
  return {
    type: "track",
    event: name,
    properties: { ...revenueOf(name, properties, entities), ...properties },
    schema
  }
}

/** What an order of the e-commerce plugin brought in is in an entity of its own. */
const revenueOf = (
  name: string,
  { type }: JsonObject,
  entities: ReadonlyArray<SelfDescribing>
): JsonObject | undefined => {
  if (name !== "snowplow_ecommerce_action" || type !== "transaction") return undefined
  const { currency, revenue } = entityNamed(entities, "transaction") ?? {}
  return {
    ...(revenue !== undefined && { revenue }),
    ...(currency !== undefined && { currency })
  }
}

/** All that was said and has no other place. */
const restOf = (
  fields: JsonObject,
  entities: ReadonlyArray<SelfDescribing> | undefined,
  schema: string | undefined
): JsonObject => {
  const timed = (fields["ttm"] ?? "") === ""
  const rest: Record<string, Json> = {}
  if (schema !== undefined) rest["schema"] = schema
  const own = told.get(fields["e"])
  const described = fields["e"] === "ue" ? nameRead(fields, "ue_pr", "ue_px") : ""
  // What cannot be read as entities stays as it was sent.
  const packed = entities === undefined ? "" : nameRead(fields, "co", "cx")
  for (const name in fields) {
    if (name === described || name === packed || own?.has(name)) continue
    // Assigned, it would be no field.
    if (name === "__proto__") continue
    const value = fields[name] as Json
    if (consumed.has(name)) {
      if (typeof value === "string" || value === null) continue
    } else if (ids.has(name)) {
      if (value === null || value === "" || idIn(value) !== undefined) continue
    } else if (name === "dtm" || name === "stm") {
      if (timed) continue
    } else if (name === "ttm") {
      if (!timed) continue
    } else if ((name === "res" || name === "vp") && isSize(value)) continue
    rest[name] = numeric.has(name) ? numberIn(value) : value
  }
  const kept = entities && byName(entities)
  if (kept !== undefined) rest["entities"] = kept
  return rest
}

/** An event's own property `snowplow` goes to one that nobody uses. */
const withRest = (properties: JsonObject, rest: JsonObject): JsonObject =>
  properties["snowplow"] === undefined
    ? { ...properties, snowplow: rest }
    : { ...properties, snowplow: { ...rest, properties } }
