import { isRawNumber, type Json } from "./ExactJson.ts"
import type { QuarantineReason } from "./InboxEvent.ts"

const DAY = 86_400_000

/** Numbers below are seconds: 1e11 seconds is the year 5138, 1e11 milliseconds is 1973. */
const SECONDS_BELOW = 1e11

const iso =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9})\d*)?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/

/** A number in quotes, long enough not to be a date without separators. */
const quotedNumber = /^-?\d{9,}(?:\.\d+)?$/

/** What cannot be an instant, as against one that is absent. */
export const UNREADABLE = Number.NaN

/**
 * Milliseconds since 1970 of an ISO 8601 text (no offset means UTC) or of a number of
 * seconds or milliseconds. `undefined` when absent, `NaN` when it is no instant.
 */
export const instantOf = (value: Json | undefined): number | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") return ofText(value)
  if (typeof value === "number") return ofNumber(value)
  return isRawNumber(value) ? ofNumber(Number(value.rawJSON)) : UNREADABLE
}

const ofNumber = (value: number): number => {
  const ms = Math.floor(Math.abs(value) < SECONDS_BELOW ? value * 1000 + 1e-6 : value)
  return Math.abs(ms) <= 8.64e15 ? ms : UNREADABLE
}

const ofText = (text: string): number => {
  const usual = ofUsualText(text)
  if (usual !== undefined) return usual
  // `Date.parse` alone would read "March 1" or "1" too, in the zone of the server.
  const match = iso.exec(text)
  if (match === null)
    return quotedNumber.test(text) ? ofNumber(Number(text)) : UNREADABLE
  const [, year, month, day, hour = "0", minute = "0", second = "0"] = match
  const [y, mo, d] = [Number(year), Number(month), Number(day)]
  const [h, mi, s] = [Number(hour), Number(minute), Number(second)]
  // A leap second is the first of the next minute; there is no other overflow.
  if (h > 23 || mi > 59 || s > 60) return UNREADABLE
  const midnight = new Date(0).setUTCFullYear(y, mo - 1, d)
  const date = new Date(midnight)
  if (date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d) return UNREADABLE
  const ms = Number((match[7] ?? "0").padEnd(3, "0").slice(0, 3))
  const offset = offsetOf(match[8])
  return midnight + ((h * 60 + mi) * 60 + s) * 1000 + ms - offset
}

/**
 * `2025-03-01T10:00:00.123Z`, which nearly every client sends, without a regular
 * expression. `undefined` when it is anything else, or a day that not every month has.
 */
const ofUsualText = (text: string): number | undefined => {
  if (text.length !== 24 || text[4] !== "-" || text[7] !== "-" || text[10] !== "T")
    return undefined
  if (text[13] !== ":" || text[16] !== ":" || text[19] !== "." || text[23] !== "Z")
    return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  const ms = digits(text, 20, 3)
  // A comparison with `NaN`, where a digit is none, is false.
  return year >= 1000 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    ms >= 0
    ? Date.UTC(year, month - 1, day, hour, minute, second, ms)
    : undefined
}

const digits = (text: string, from: number, count: number): number => {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

const offsetOf = (zone: string | undefined): number => {
  if (zone === undefined || zone === "Z" || zone === "z") return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", ""))
  if (minutes >= 24 * 60) return UNREADABLE
  return (zone[0] === "-" ? -minutes : minutes) * 60_000
}

/** The times a client may put on an event. */
export interface ClientTimes {
  readonly timestamp: Json | undefined
  readonly originalTimestamp: Json | undefined
  /** of the event, else of its batch */
  readonly sentAt: Json | undefined
}

/**
 * When an event happened, in milliseconds: the client's time, moved by how far its clock
 * was from ours when it sent. History (an explicit `timestamp` that differs from
 * `originalTimestamp` or is more than a day older than `sentAt`) is taken as it is.
 * `NaN` when the client's time is unreadable; `receivedAt` when there is none.
 */
export const eventTime = (times: ClientTimes, receivedAt: number): number => {
  const timestamp = instantOf(times.timestamp)
  if (timestamp === undefined && times.originalTimestamp === undefined)
    return receivedAt
  const original = instantOf(times.originalTimestamp)
  const client = timestamp ?? original
  if (client === undefined) return receivedAt
  const sentAt = instantOf(times.sentAt)
  // A `sentAt` that is no instant corrects nothing.
  if (sentAt === undefined || Number.isNaN(sentAt)) return client
  if (timestamp !== undefined) {
    const differs =
      original !== undefined && !Number.isNaN(original) && original !== timestamp
    if (differs || sentAt - timestamp > DAY) return timestamp
  }
  return receivedAt - (sentAt - client)
}

/** Why an event at `time` cannot be stored; `receivedAt` is our clock. */
export const timeFault = (
  time: number,
  receivedAt: number
): QuarantineReason | undefined => {
  if (Number.isNaN(time)) return "timestamp_unreadable"
  if (time < 0) return "timestamp_before_1970"
  return time > receivedAt + DAY ? "timestamp_in_future" : undefined
}
