import type { Json, JsonObject } from "../ExactJson.ts"
import { jsonIn, pageOf } from "../protocols/plain.ts"
import { propertiesOf } from "../protocols/properties.ts"
import type { Row } from "../readers/Row.ts"
import { clientIn } from "./clientNames.ts"
import type { Mapped } from "./Mapped.ts"
import { contentId, gathered, numberIn, others, timeIn, writtenIn } from "./written.ts"

const known: ReadonlySet<string> = new Set(
  `timestamp name user_id session_id hostname pathname referrer referrer_source
   country_code screen_size operating_system operating_system_version browser
   browser_version utm_medium utm_source utm_campaign utm_content utm_term meta.key
   meta.value subdivision1_code subdivision2_code city_geoname_id revenue_source_amount
   revenue_source_currency scroll_depth engagement_time interactive? occurrence`.split(
    /\s+/
  )
)

/** What Plausible writes where an engagement has no depth. */
const NO_DEPTH = 255

/**
 * A row of `events_v2` of Plausible's ClickHouse. Such rows have no id: it is made of all
 * that the row says, and of `occurrence`, a column that numbers rows which say the same.
 */
export const plausibleRow = ({ fields }: Row): Mapped => {
  const name = writtenIn(fields, "name")
  if (name === undefined) return { reason: "no name: is it a row of events_v2?" }
  const timestamp = timeIn(fields, "timestamp")
  if (timestamp === undefined) return { reason: "timestamp is not readable" }
  const event = {
    type: name === "pageview" ? "page" : "track",
    event: name,
    timestamp,
    anonymousId: writtenIn(fields, "user_id") ?? "",
    properties: propertiesOf(metaOf(fields), saidOf(fields, name)),
    context: contextOf(fields)
  }
  const occurrence = writtenIn(fields, "occurrence") ?? "1"
  return { event: { ...event, messageId: contentId("plausible", event, occurrence) } }
}

const saidOf = (fields: Row["fields"], name: string): JsonObject => {
  const amount = numberIn(fields, "revenue_source_amount")
  const depth = numberIn(fields, "scroll_depth")
  const time = numberIn(fields, "engagement_time")
  const interactive = writtenIn(fields, "interactive?")
  return {
    ...gathered({
      revenue: amount,
      currency:
        amount === undefined ? undefined : writtenIn(fields, "revenue_source_currency")
    }),
    // Every row has these columns.
    ...(name === "engagement" &&
      gathered({
        scroll_depth: depth === NO_DEPTH ? undefined : depth,
        engagement_time: time === 0 ? undefined : time
      })),
    ...((interactive === "0" || interactive === "false") && { interactive: false })
  }
}

const metaOf = (fields: Row["fields"]): JsonObject => {
  const names = listIn(fields["meta.key"])
  const values = listIn(fields["meta.value"])
  return Object.fromEntries(
    names.map((name, index) => [String(name), values[index] ?? ""])
  )
}

/** A list, its JSON, or as ClickHouse writes it into text: `['a','b']`. */
const listIn = (value: unknown): ReadonlyArray<Json> => {
  if (Array.isArray(value)) return value
  if (typeof value !== "string" || !value.startsWith("[")) return []
  const json = jsonIn(value)
  if (Array.isArray(json)) return json
  return [...value.slice(1).matchAll(quotedItem)].map(([, inner = ""]) =>
    inner.replace(/\\(.)|''/gs, (_, escaped: string | undefined) =>
      escaped === undefined ? "'" : (controls[escaped] ?? escaped)
    )
  )
}

/** One after the other: a quote that nobody closes is looked for once. */
const quotedItem = /[\s,]*'([^'\\]*(?:(?:\\.|'')[^'\\]*)*)'/gsy

const controls: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  0: ""
}

const contextOf = (fields: Row["fields"]): JsonObject => {
  const text = (name: string) => writtenIn(fields, name)
  const inside = (name: string, value: JsonObject | undefined) =>
    value === undefined ? undefined : { [name]: value }
  const city = text("city_geoname_id")
  return {
    ...gathered({ sessionId: text("session_id") }),
    ...inside("page", pageOfRow(fields)),
    ...inside("referrer", gathered({ name: text("referrer_source") })),
    ...inside(
      "campaign",
      gathered({
        source: text("utm_source"),
        medium: text("utm_medium"),
        name: text("utm_campaign"),
        term: text("utm_term"),
        content: text("utm_content")
      })
    ),
    ...inside(
      "location",
      gathered({
        country: text("country_code"),
        region: text("subdivision1_code"),
        subregion: text("subdivision2_code"),
        geonameId: city === "0" ? undefined : city
      })
    ),
    ...clientIn({
      browser: text("browser"),
      browserVersion: text("browser_version"),
      os: text("operating_system"),
      osVersion: text("operating_system_version"),
      device: text("screen_size")
    }),
    ...inside("plausible", others(fields, known))
  }
}

/** Plausible keeps addresses without their scheme, and no query. */
const pageOfRow = (fields: Row["fields"]): JsonObject | undefined => {
  const host = writtenIn(fields, "hostname")
  const path = writtenIn(fields, "pathname")
  const sent = writtenIn(fields, "referrer")
  const referrer = sent === undefined || sent.includes("://") ? sent : `https://${sent}`
  const url =
    path === undefined || host === undefined || host === "(none)"
      ? path
      : `https://${host}${path}`
  const page = pageOf(url, referrer)
  // With the fragment, where the fragment is the page.
  return path?.includes("#") === true ? { ...page, path } : page
}
