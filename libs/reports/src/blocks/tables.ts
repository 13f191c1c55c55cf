import type { EventsResult } from "@analytics/analytics-core/query/events/EventsRequest"
import type { PeopleResult } from "@analytics/analytics-core/query/people/PeopleRequest"
import type { SqlResult } from "@analytics/analytics-core/query/sql/SqlRequest"
import { instantOf, timeZone } from "@analytics/analytics-core/query/TimeZone"
import type { Cell, Column, ReportTable, ValueKind } from "../ReportTable.ts"

const cell = (value: unknown): Cell =>
  value === null || value === undefined
    ? null
    : typeof value === "string" ||
        typeof value === "boolean" ||
        (typeof value === "number" && Number.isFinite(value))
      ? value
      : JSON.stringify(value)

const column = (name: string, kind: ValueKind): Column => ({ name, kind })

/** The names that most of these objects have, the commonest first. */
const commonKeys = (
  objects: ReadonlyArray<Readonly<Record<string, unknown>>>,
  most: number
): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  for (const object of objects)
    for (const key of Object.keys(object)) seen.set(key, (seen.get(key) ?? 0) + 1)
  return [...seen]
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([key]) => key)
}

/** Columns of traits and properties that a table is still readable with. */
const MOST_KEYS = 5

const cutIf = (isCut: boolean) => (isCut ? { isCut } : {})

export const peopleTable = ({ nextCursor, people }: PeopleResult): ReportTable => {
  const traits = commonKeys(
    people.map((person) => person.traits),
    MOST_KEYS
  )
  return {
    columns: [
      column("Person", "text"),
      ...traits.map((trait) => column(trait, "text")),
      column("First seen", "datetime"),
      column("Last seen", "datetime")
    ],
    rows: people.map(({ firstSeen, ids, lastSeen, personId, traits: own }) => [
      ids[0] ?? personId,
      ...traits.map((trait) => textCell(ownOf(own, trait))),
      firstSeen,
      lastSeen
    ]),
    ...cutIf(nextCursor !== null)
  }
}

/** Not what every object has: somebody may call a property `constructor`. */
const ownOf = (values: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(values, key) ? values[key] : undefined

const textCell = (value: unknown): Cell => {
  const it = cell(value)
  return it === null ? null : String(it)
}

export const eventsTable = ({ events, nextCursor }: EventsResult): ReportTable => {
  const properties = events.map((event) => Object(event.properties))
  const keys = commonKeys(properties, MOST_KEYS)
  return {
    columns: [
      column("Time", "datetime"),
      column("Event", "text"),
      column("Person", "text"),
      ...keys.map((key) => column(key, "text"))
    ],
    rows: events.map(({ anonymousId, event, timestamp, userId }, index) => [
      timestamp,
      event,
      userId ?? anonymousId,
      ...keys.map((key) => textCell(ownOf(properties[index] ?? {}, key)))
    ]),
    ...cutIf(nextCursor !== null)
  }
}

/** What ClickHouse calls a type, as a reader sees its values. */
const kindOf = (type: string): ValueKind => {
  const inner = /^(?:Nullable|LowCardinality)\((.*)\)$/u.exec(type)?.[1]
  if (inner !== undefined) return kindOf(inner)
  if (type === "Bool") return "boolean"
  if (/^U?Int(?:8|16|32|64|128|256)$/u.test(type)) return "integer"
  if (/^(?:Float|Decimal)/u.test(type)) return "number"
  if (/^Date(?:32)?$/u.test(type)) return "date"
  if (/^DateTime/u.test(type)) return "datetime"
  return "text"
}

/** ClickHouse writes a time as the clocks of the zone in its type show it, else as UTC's. */
const instantIn = (text: string, type: string): string => {
  const instant = `${text.replace(" ", "T")}Z`
  const zone = timeZone(/'([^']+)'/u.exec(type)?.[1] ?? "UTC")
  const wall = Date.parse(instant)
  return zone === undefined || Number.isNaN(wall)
    ? instant
    : new Date(instantOf(zone, wall)).toISOString()
}

const sqlCell = (value: unknown, kind: ValueKind, type: string): Cell => {
  const it = cell(value)
  if (it === null) return null
  if (kind === "integer" || kind === "number") {
    const number = Number(it)
    // A number that a double cannot hold stays text.
    return Number.isFinite(number) &&
      (typeof it === "number" || Math.abs(number) <= Number.MAX_SAFE_INTEGER)
      ? number
      : it
  }
  if (kind === "datetime") return instantIn(String(it), type)
  return kind === "text" ? String(it) : it
}

export const sqlTable = ({ columns, rows, truncated }: SqlResult): ReportTable => {
  const kinds = columns.map(({ type }) => kindOf(type))
  return {
    columns: columns.map(({ name }, index) => column(name, kinds[index] ?? "text")),
    rows: rows.map((row) =>
      columns.map(({ type }, index) =>
        sqlCell(row[index], kinds[index] ?? "text", type)
      )
    ),
    ...cutIf(truncated)
  }
}
