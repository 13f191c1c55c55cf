import type { Json, JsonObject } from "./ExactJson.ts"
import type { InboxEvent } from "./InboxEvent.ts"
import {
  type Campaign,
  campaignOfQuery,
  channelOf,
  domainOf,
  NO_CAMPAIGN
} from "./Traffic.ts"
import { type Client, clientOf, NO_CLIENT } from "./UserAgent.ts"

/** What is added to an event: where from, with what, and where to. */
export interface Enrichment {
  readonly client: Client
  readonly campaign: Campaign
  readonly referrerDomain: string
  readonly channel: string
  readonly country: string
  readonly path: string
}

export const NO_ENRICHMENT: Enrichment = {
  client: NO_CLIENT,
  campaign: NO_CAMPAIGN,
  referrerDomain: "",
  channel: "",
  country: "",
  path: ""
}

/** ISO country code of an address; empty if unknown. */
export type CountryOf = (ip: string) => string

/**
 * Characters of a text that a column keeps: few texts are many events', and one client
 * with long ones must not fill the dictionaries of all. The whole text stays in `context`.
 */
const MOST_CHARACTERS = 256

/**
 * Works out the typed columns of an event.
 *
 * The request's own user agent counts only if it is a browser's or a crawler's: a server
 * that sends with an HTTP library is not a bot, and bots are left out of answers. What
 * has neither user agent nor address, as in other systems' histories, is believed what it
 * says of browser and country.
 *
 * @param pathOfProperties for an event whose properties are not read
 */
export const enrich = (
  event: InboxEvent,
  countryOf: CountryOf,
  pathOfProperties = textAt(event.d, "path")
): Enrichment => {
  const context = event.c
  const page = objectAt(context, "page")
  const ip = textAt(context, "ip") || (event.ip ?? "")
  const requestAgent = event.ua?.startsWith("Mozilla/") ? event.ua : ""
  const userAgent = textAt(context, "userAgent") || requestAgent
  const url = textAt(page, "url")
  const campaign = campaignOf(objectAt(context, "campaign"), url, page)
  const referrer = domainOf(
    textAt(page, "referrer") || textAt(objectAt(context, "referrer"), "url")
  )
  const referrerDomain = referrer === domainOf(url) ? "" : referrer
  const onWeb = page !== undefined || referrer !== "" || campaign !== NO_CAMPAIGN
  return {
    client: userAgent === "" ? saidClient(context) : clientOf(userAgent),
    campaign: campaign === NO_CAMPAIGN ? campaign : shortCampaign(campaign),
    referrerDomain: short(referrerDomain),
    channel: onWeb ? channelOf(campaign, referrerDomain) : "",
    country: ip === "" ? saidCountry(context) : countryOf(ip),
    path: textAt(page, "path") || pathOfProperties
  }
}

/** Where a browser is named, so that what only names a system stays as it is. */
const saidClient = (context: JsonObject | undefined): Client => {
  const browser = textAt(objectAt(context, "browser"), "name")
  if (browser === "") return NO_CLIENT
  const device = textAt(objectAt(context, "device"), "type")
  return {
    browser: short(browser),
    os: short(textAt(objectAt(context, "os"), "name")),
    device: devices.has(device) ? device : "",
    isBot: false
  }
}

/** The types of devices that user agents have, too. */
const devices: ReadonlySet<string> = new Set(["desktop", "mobile", "tablet", "tv"])

/** An ISO code: names of countries are many texts. */
const saidCountry = (context: JsonObject | undefined): string => {
  const country = textAt(objectAt(context, "location"), "country")
  return /^[A-Z]{2}$/.test(country) ? country : ""
}

const campaignOf = (
  sent: JsonObject | undefined,
  url: string,
  page: JsonObject | undefined
): Campaign => {
  if (sent === undefined) return campaignOfQuery(textAt(page, "search") || url)
  return {
    source: textAt(sent, "source"),
    medium: textAt(sent, "medium"),
    campaign: textAt(sent, "name"),
    term: textAt(sent, "term"),
    content: textAt(sent, "content")
  }
}

const shortCampaign = (campaign: Campaign): Campaign => ({
  source: short(campaign.source),
  medium: short(campaign.medium),
  campaign: short(campaign.campaign),
  term: short(campaign.term),
  content: short(campaign.content)
})

/** The beginning of a text, without half of a character. */
const short = (text: string): string =>
  text.length <= MOST_CHARACTERS
    ? text
    : text.slice(0, MOST_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")

function textAt(object: JsonObject | undefined, name: string): string {
  const value: Json | undefined = object?.[name]
  return typeof value === "string" ? value : ""
}

const objectAt = (
  object: JsonObject | undefined,
  name: string
): JsonObject | undefined => {
  const value: Json | undefined = object?.[name]
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined
}
