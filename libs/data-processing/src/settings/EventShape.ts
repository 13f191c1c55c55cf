import type {
  EventSchema,
  ExpectedEvent,
  PropertyType,
  SchemaMode
} from "@analytics/analytics-core/settings/ProjectSettings"
import { isRawNumber, type Json } from "../ExactJson.ts"
import type { InboxEvent, Violation } from "../InboxEvent.ts"
import { namesOf, valueAt } from "./EventValue.ts"

/** Noted of one event; the rest would not tell more. */
const MOST_VIOLATIONS = 10

/** Characters of a path that a violation names. */
const MOST_NAME = 200

export interface Misfit {
  readonly mode: SchemaMode
  readonly violations: ReadonlyArray<Violation>
}

interface Expectation {
  readonly property: string
  readonly names: ReadonlyArray<string>
  readonly required: boolean
  readonly types: ReadonlyArray<PropertyType>
}

/** Judges events by the schema of a project; `undefined` if it expects nothing. */
export const shapeRuleOf = ({
  events,
  mode,
  unknownEvents
}: EventSchema): ((event: InboxEvent) => Misfit | undefined) | undefined => {
  const expected = new Map(
    Object.entries(events).map(
      ([name, event]) => [name, expectationsOf(event)] as const
    )
  )
  if (expected.size === 0 && unknownEvents === "allow") return undefined
  const unknown: Misfit | undefined =
    unknownEvents === "allow"
      ? undefined
      : { mode: unknownEvents, violations: [["", "unknown event"]] }
  return (event) => {
    const expectations = expected.get(event.e)
    if (expectations === undefined) return event.y === "track" ? unknown : undefined
    const violations: Array<Violation> = []
    for (const { names, property, required, types } of expectations) {
      const value = valueAt(event.d, names)
      if (value === undefined) {
        if (required) violations.push([property, "missing"])
      } else if (types.length > 0 && !types.some((type) => fits(value, type)))
        violations.push([
          property,
          `expected ${types.join(" or ")}, got ${typeOf(value)}`
        ])
      if (violations.length === MOST_VIOLATIONS) break
    }
    return violations.length === 0 ? undefined : { mode, violations }
  }
}

const expectationsOf = ({
  properties = {},
  required = []
}: ExpectedEvent): ReadonlyArray<Expectation> => {
  const needed = new Set(required)
  return [...new Set([...required, ...Object.keys(properties)])].map((path) => {
    const types = Object.hasOwn(properties, path) ? (properties[path] ?? []) : []
    return {
      property: path.slice(0, MOST_NAME),
      names: namesOf(path),
      required: needed.has(path),
      types: typeof types === "string" ? [types] : types
    }
  })
}

const fits = (value: Json, type: PropertyType): boolean => {
  if (type !== "integer") return typeOf(value) === type
  return typeof value === "object"
    ? isRawNumber(value) && /^-?\d+$/u.test(value.rawJSON)
    : Number.isInteger(value)
}

const typeOf = (value: Json): PropertyType => {
  if (typeof value === "string") return "string"
  if (typeof value === "boolean") return "boolean"
  if (typeof value === "number") return "number"
  if (Array.isArray(value)) return "array"
  return isRawNumber(value) ? "number" : "object"
}
