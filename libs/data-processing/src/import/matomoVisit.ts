import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { idIn, messageIdOf, pageOf, textIn } from "../protocols/plain.ts"
import type { Row } from "../readers/Row.ts"
import type { Mapped } from "./Mapped.ts"

/** What an action is called here, by its `type` there; others keep the type's name. */
const events: ReadonlyMap<string, string> = new Map(
  Object.entries({
    outlink: "Outbound Link",
    download: "File Download",
    search: "Site Search",
    goal: "Goal Completed",
    ecommerceOrder: "Order Completed",
    ecommerceAbandonedCart: "Cart Abandoned"
  })
)

/** What some fields of an action are called among our properties. */
const names: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pageTitle: "title",
    eventCategory: "category",
    eventAction: "action",
    eventName: "label",
    eventValue: "value",
    siteSearchKeyword: "query",
    siteSearchCategory: "category",
    siteSearchCount: "results",
    orderId: "order_id",
    revenueSubTotal: "subtotal",
    revenueTax: "tax",
    revenueShipping: "shipping",
    revenueDiscount: "discount",
    itemDetails: "products"
  })
)

/** How Matomo draws a value, beside the value itself. */
const isShown = (name: string): boolean =>
  /(?:Icon|IconSVG|Pretty|Flag)$|^(?:icon|iconSVG|pluginsIcons|title|subtitle|timestamp|type)$/u.test(
    name
  )

/** Fields of a visit that have a place of their own. */
const placed = new Set([
  ...["actionDetails", "idVisit", "visitorId", "userId", "fingerprint", "visitIp"],
  ...["referrerUrl", "languageCode", "resolution", "goalConversions"]
])

/** Matomo itself shows 500. */
const MOST_ACTIONS = 10_000

/** Each action of a visit as an event; ids are those of Matomo's own tables. */
export const matomoVisit = ({ fields }: Row): Mapped => {
  const visit = isJsonObject(fields) ? fields : {}
  const actions = visit["actionDetails"]
  const id = idIn(visit["idVisit"])
  if (!Array.isArray(actions) || id === undefined)
    return { reason: "not a visit with idVisit and actionDetails" }
  const made = actions.filter(isJsonObject)
  if (made.length > MOST_ACTIONS)
    return { reason: `a visit of more than ${MOST_ACTIONS} actions` }
  if (made.length === 0) return { reason: "a visit without actions" }
  if (made.some((action) => timeOf(action, visit) === undefined))
    return { reason: "the time of an action is not readable" }
  const who = {
    userId: textIn(visit["userId"]),
    anonymousId: textIn(visit["visitorId"]) ?? `matomo-visit-${id}`
  }
  const site = idIn(visit["idSite"]) ?? "1"
  const facts = factsOf(visit)
  const seen = new Map<string, number>()
  return {
    events: made.map((action, index) => {
      const key = keyOf(action)
      const before = seen.get(key) ?? 0
      seen.set(key, before + 1)
      return {
        ...namedBy(action),
        timestamp: timeOf(action, visit),
        ...who,
        messageId: messageIdOf(
          `matomo-${site}-${id}-${key}`,
          before === 0 ? "" : `-${before}`
        ),
        properties: {
          ...propertiesOf(action),
          // Once is enough: all events of a visit are one session.
          ...(index === 0 && { visit: facts })
        },
        context: contextOf(action, visit, index === 0)
      }
    })
  }
}

/** What tells an action apart within its visit, whenever it is exported. */
const keyOf = (action: JsonObject): string => {
  const order = idIn(action["orderId"])
  if (order !== undefined) return `order-${order}`
  const goal = idIn(action["goalId"])
  const page = idIn(action["pageId"]) ?? idIn(action["goalPageId"])
  if (goal !== undefined)
    return `goal-${goal}-${page ?? idIn(action["timestamp"]) ?? ""}`
  return page ?? `${textIn(action["type"]) ?? "action"}-${idIn(action["timestamp"])}`
}

const namedBy = (action: JsonObject) => {
  const type = textIn(action["type"]) ?? "action"
  if (type === "action") return { type: "page" }
  const event =
    (type === "event" ? textIn(action["eventAction"]) : undefined) ?? events.get(type)
  return { type: "track", event: event ?? type }
}

/** Both are seconds since 1970. */
const timeOf = (action: JsonObject, visit: JsonObject): string | undefined => {
  const at = Number(
    idIn(action["timestamp"]) ??
      idIn(visit["firstActionTimestamp"]) ??
      idIn(visit["serverTimestamp"])
  )
  const time = new Date(at * 1000)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}

const propertiesOf = (action: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(action)
      .filter(([name, value]) => !isShown(name) && value !== null && value !== "")
      .map(([name, value]) => [names.get(name) ?? name, value])
  )

const factsOf = (visit: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(visit).filter(
      ([name, value]) =>
        !isShown(name) && !placed.has(name) && value !== null && value !== ""
    )
  )

const contextOf = (
  action: JsonObject,
  visit: JsonObject,
  isFirst: boolean
): JsonObject => {
  const locale = textIn(visit["languageCode"])
  const [width, height] = (textIn(visit["resolution"]) ?? "").split("x").map(Number)
  const page = pageOf(
    textIn(action["url"]),
    isFirst ? textIn(visit["referrerUrl"]) : undefined,
    textIn(action["pageTitle"])
  )
  const campaign = textIn(visit["campaignName"])
  return {
    ...(locale && { locale }),
    ...(width && height && { screen: { width, height } }),
    ...(campaign && {
      campaign: campaignOf(visit, campaign)
    }),
    ...(page && { page })
  }
}

const campaignOf = (visit: JsonObject, name: string): JsonObject => {
  const campaign: Record<string, Json> = { name }
  for (const [to, from] of [
    ["source", "campaignSource"],
    ["medium", "campaignMedium"],
    ["term", "campaignKeyword"],
    ["content", "campaignContent"]
  ] as const) {
    const value = textIn(visit[from])
    if (value !== undefined) campaign[to] = value
  }
  return campaign
}
