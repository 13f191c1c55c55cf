import { createHash } from "node:crypto"
import { changeNames } from "@analytics/analytics-core/query/traits/traitChanges"
import {
  isJsonObject,
  isRawNumber,
  type Json,
  type JsonObject,
  parse
} from "../ExactJson.ts"
import { MAX_MESSAGE_ID } from "../segment/SegmentEvent.ts"
import { wellFormedJson } from "../WellFormed.ts"

/** A text that says something. */
export const textIn = (value: Json | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

/** An id that was sent as a text or a number; numbers keep all their digits. */
export const idIn = (value: Json | undefined): string | undefined =>
  // Nearly all are texts, or absent.
  typeof value === "string" || value === undefined
    ? textIn(value)
    : typeof value === "number"
      ? String(value)
      : isRawNumber(value)
        ? value.rawJSON
        : undefined

export const objectIn = (value: Json | undefined): JsonObject | undefined =>
  value !== undefined && isJsonObject(value) ? value : undefined

/** JSON that may be broken. Never throws. */
export const jsonIn = (text: string): Json | undefined => {
  try {
    return parse(wellFormedJson(text))
  } catch {
    return undefined
  }
}

/** A part of a URL without its escapes; as it is where they are broken. */
export const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Base64, of URLs too, as UTF-8. Bytes that are none become U+FFFD. */
export const base64In = (text: string): string =>
  Buffer.from(text, "base64").toString("utf8")

/**
 * A client's own id of a message as ours: the same one gives the same one, live and
 * imported. A `suffix` tells apart several events that one message makes.
 */
export const messageIdOf = (id: string, suffix = ""): string => {
  const whole = id + suffix
  return whole.length <= MAX_MESSAGE_ID && !whole.includes("\0")
    ? whole
    : shortOf(id) + suffix
}

let last: { readonly id: string | undefined; readonly short: string } = {
  id: undefined,
  short: ""
}

/** All that a message makes have the same id: one of megabytes is hashed once. */
const shortOf = (id: string): string => {
  if (last.id !== id)
    last = { id, short: createHash("sha256").update(id).digest("hex").slice(0, 40) }
  return last.short
}

/** The id of the `identify` or `group` beside an event that carries traits, too. */
export const TRAITS_SUFFIX = "$set"

/** How traits change, each under the names of traits. */
export interface TraitChanges {
  readonly set?: JsonObject | undefined
  /** only where there is no value yet */
  readonly setOnce?: JsonObject | undefined
  /** numbers, to be added */
  readonly add?: JsonObject | undefined
  /** lists, or single values, to be put behind, or in front of, what is there */
  readonly append?: JsonObject | undefined
  readonly prepend?: JsonObject | undefined
  /** the same without what is there already */
  readonly union?: JsonObject | undefined
  /** lists, or single values, to be taken out */
  readonly remove?: JsonObject | undefined
  readonly unset?: ReadonlyArray<string> | undefined
  /** forgets all that was set before */
  readonly clear?: boolean | undefined
}

/**
 * `traits` of an `identify` or `group`: what is set under its own name, and each other
 * change under the name of the change, as queries understand it (docs/concepts.md).
 */
export const traitsOf = (changes: TraitChanges): JsonObject => ({
  ...(changes.set && besides(changes.set)),
  ...named("$set_once", changes.setOnce),
  ...named("$add", changes.add),
  ...named("$append", listed(changes.append)),
  ...named("$prepend", listed(changes.prepend)),
  ...named("$union", listed(changes.union)),
  ...named("$remove", listed(changes.remove)),
  ...named(
    "$unset",
    changes.unset && Object.fromEntries(changes.unset.map((name) => [name, true]))
  ),
  ...(changes.clear === true && { $clear: true })
})

/** Under a vendor's `$set` a name of ours is only a name: it must not change anything. */
const besides = (set: JsonObject): JsonObject =>
  changeNames.some(([name]) => Object.hasOwn(set, name))
    ? Object.fromEntries(
        Object.entries(set).map(([name, value]) => [
          changeNames.some(([reserved]) => reserved === name) ? `_${name}` : name,
          value
        ])
      )
    : set

const named = (name: string, values: JsonObject | undefined): JsonObject =>
  values === undefined || Object.keys(values).length === 0 ? {} : { [name]: values }

const listed = (values: JsonObject | undefined): JsonObject | undefined =>
  values &&
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? value : [value]
    ])
  )

/** `context.page` of an address, as far as it is one. */
export const pageOf = (
  url: string | undefined,
  referrer?: string | undefined,
  title?: string | undefined
): JsonObject | undefined => {
  const address = url === undefined ? null : URL.parse(url)
  const page = {
    ...(url === undefined ? {} : { url }),
    ...(address === null
      ? // Some clients send the path alone.
        url?.startsWith("/")
        ? { path: url.split(/[?#]/, 1)[0] ?? url }
        : {}
      : { path: address.pathname }),
    ...(address !== null && address.search !== "" ? { search: address.search } : {}),
    ...(referrer === undefined ? {} : { referrer }),
    ...(title === undefined ? {} : { title })
  }
  return Object.keys(page).length === 0 ? undefined : page
}
