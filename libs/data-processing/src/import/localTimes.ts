import { DateTime, Option } from "effect"
import { isJsonObject, type Json } from "../ExactJson.ts"
import type { ToEvent } from "./Mapped.ts"

const QUARTER = 15 * 60_000
/** Quarters of an hour that are remembered: a year of them. */
const MOST_REMEMBERED = 40_000

/**
 * Corrects seconds (or milliseconds) since 1970 that were counted on a wall clock of
 * `zone`, as if it showed UTC, by the offset that the zone had then. Of an hour that the
 * clock showed twice the first is meant. `undefined` if there is no such zone.
 */
export const wallClock = (zone: string): ((time: number) => number) | undefined => {
  const found = DateTime.zoneFromString(zone)
  if (Option.isNone(found)) return undefined
  const known = new Map<number, number>()
  const offsetAt = (wall: number): number => {
    const made = DateTime.makeZoned(wall, {
      timeZone: found.value,
      adjustForTimeZone: true,
      disambiguation: "compatible"
    })
    return Option.isNone(made) ? 0 : made.value.epochMilliseconds - wall
  }
  return (time) => {
    const unit = Math.abs(time) < 100_000_000_000 ? 1000 : 1
    const quarter = Math.floor((time * unit) / QUARTER) * QUARTER
    let offset = known.get(quarter)
    if (offset === undefined) {
      if (known.size >= MOST_REMEMBERED) known.clear()
      offset = offsetAt(quarter)
      known.set(quarter, offset)
    }
    return time + offset / unit
  }
}

/** Reads `properties.time` of each row by the clock of the project that it was in. */
export const inWallClock =
  (toEvent: ToEvent, correct: (time: number) => number): ToEvent =>
  (row, file) => {
    const properties = row.fields["properties"]
    if (!isJsonObject(properties)) return toEvent(row, file)
    const time = numberIn(properties["time"])
    if (time === undefined) return toEvent(row, file)
    const fields = { ...row.fields, properties: { ...properties, time: correct(time) } }
    return toEvent({ ...row, fields }, file)
  }

const numberIn = (value: Json | undefined): number | undefined => {
  const number = typeof value === "string" && value !== "" ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number) ? number : undefined
}
