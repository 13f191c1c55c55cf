import type { JsonObject } from "../ExactJson.ts"
import { messageIdOf } from "../protocols/plain.ts"
import { propertiesOf } from "../protocols/properties.ts"
import { pageIn, screenOf } from "../protocols/umamiEvent.ts"
import type { Row } from "../readers/Row.ts"
import { clientIn } from "./clientNames.ts"
import type { Mapped } from "./Mapped.ts"
import {
  contentId,
  gathered,
  numberIn,
  objectOf,
  others,
  timeIn,
  writtenIn
} from "./written.ts"

const known: ReadonlySet<string> = new Set(
  `event_id website_id session_id visit_id created_at hostname browser os device screen
   language country region subdivision1 subdivision2 city url_path url_query
   referrer_path referrer_query referrer_domain page_title event_type event_name tag
   distinct_id event_data data utm_source utm_medium utm_campaign utm_term utm_content`.split(
    /\s+/
  )
)

/** Umami's numbers of what is no custom event. */
const typeNames: ReadonlyMap<string, string> = new Map([
  ["3", "link"],
  ["4", "pixel"],
  ["5", "performance"]
])

/**
 * A row of Umami's database: of `website_event`, with the columns of its `session` and
 * `event_data` (an object) beside it, or of `session_data`.
 */
export const umamiRow = (row: Row): Mapped => {
  const { fields } = row
  const eventId = writtenIn(fields, "event_id")
  if (Object.hasOwn(fields, "data_key"))
    return eventId === undefined
      ? sessionData(fields)
      : { reason: "event_data stands alone: join it to website_event" }
  if (eventId === undefined) return { reason: "no event_id" }
  const timestamp = timeIn(fields, "created_at")
  if (timestamp === undefined) return { reason: "created_at is not readable" }
  const name = nameOf(fields)
  const rest = {
    ...gathered({ tag: writtenIn(fields, "tag") }),
    ...others(fields, known)
  }
  const own = objectOf(fields, "event_data") ?? objectOf(fields, "data") ?? {}
  return {
    event: {
      type: name === undefined ? "page" : "track",
      event: name,
      messageId: messageIdOf(eventId),
      timestamp,
      ...idsOf(fields),
      properties: propertiesOf(own, rest),
      context: contextOf(fields)
    }
  }
}

/** Nothing for a page view. */
const nameOf = (fields: Row["fields"]): string | undefined =>
  writtenIn(fields, "event_name") ??
  typeNames.get(writtenIn(fields, "event_type") ?? "1")

const idsOf = (fields: Row["fields"]) => ({
  // Whoever has neither stands alone.
  anonymousId: writtenIn(fields, "session_id") ?? "",
  userId: writtenIn(fields, "distinct_id")
})

/** One trait of a session, as `identify` of Umami stored it. */
const sessionData = (fields: Row["fields"]): Mapped => {
  const name = writtenIn(fields, "data_key")
  const timestamp = timeIn(fields, "created_at")
  const sessionId = writtenIn(fields, "session_id")
  if (name === undefined || sessionId === undefined)
    return { reason: "no data_key or session_id" }
  if (timestamp === undefined) return { reason: "created_at is not readable" }
  const text = writtenIn(fields, "string_value")
  const value =
    writtenIn(fields, "data_type") === "3"
      ? text === "true"
      : (numberIn(fields, "number_value") ?? text ?? timeIn(fields, "date_value"))
  if (value === undefined) return { reason: `no value of ${name}` }
  const id = writtenIn(fields, "session_data_id")
  return {
    event: {
      type: "identify",
      messageId:
        id === undefined
          ? contentId("umami", sessionId, timestamp, name, value)
          : messageIdOf(id),
      timestamp,
      ...idsOf(fields),
      traits: { [name]: value }
    }
  }
}

const contextOf = (fields: Row["fields"]): JsonObject => {
  const text = (name: string) => writtenIn(fields, name)
  const inside = (name: string, value: JsonObject | undefined) =>
    value === undefined ? undefined : { [name]: value }
  return {
    ...gathered({
      site: text("website_id"),
      sessionId: text("visit_id"),
      locale: text("language")
    }),
    ...inside("page", pageOfRow(fields)),
    ...inside("screen", screenOf(text("screen"))),
    ...clientIn({ browser: text("browser"), os: text("os"), device: text("device") }),
    ...inside(
      "location",
      gathered({
        country: text("country"),
        region: text("region") ?? text("subdivision1"),
        subregion: text("subdivision2"),
        city: text("city")
      })
    ),
    ...inside(
      "campaign",
      gathered({
        source: text("utm_source"),
        medium: text("utm_medium"),
        name: text("utm_campaign"),
        term: text("utm_term"),
        content: text("utm_content")
      })
    )
  }
}

/** As `pageIn` reads it live: Umami keeps the fragment with the path. */
const pageOfRow = (fields: Row["fields"]): JsonObject | undefined => {
  const text = (name: string) => writtenIn(fields, name)
  const [path, hash] = (text("url_path") ?? "").split("#", 2)
  const query = text("url_query")
  const url = `${path}${query === undefined ? "" : `?${query}`}${hash === undefined ? "" : `#${hash}`}`
  const domain = text("referrer_domain")
  const referrerQuery = text("referrer_query")
  const referrer = `${domain === undefined ? "" : `https://${domain}`}${text("referrer_path") ?? ""}${referrerQuery === undefined ? "" : `?${referrerQuery}`}`
  return pageIn({
    ...gathered({ hostname: text("hostname"), title: text("page_title") }),
    ...(url !== "" && { url }),
    ...(referrer !== "" && { referrer })
  })
}
