import type { Json, JsonObject, OracleEvent, World } from "./Model.ts"

export type Filter =
  | { readonly property: string; readonly op: string; readonly value?: Json }
  | { readonly and: ReadonlyArray<Filter> }
  | { readonly or: ReadonlyArray<Filter> }
  | { readonly not: Filter }

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const atPath = (from: Json, path: string): Json =>
  path
    .split(".")
    .reduce<Json>((at, name) => (isObject(at) ? (at[name] ?? null) : null), from)

/** The value of a property for an event; absent is null. */
export const propertyOf = (
  world: World,
  event: OracleEvent,
  property: string
): Json => {
  if (property === "$event") return event.name
  if (property.startsWith("user."))
    return atPath(world.traits.get(event.person) ?? {}, property.slice(5))
  if (property.startsWith("context.")) return atPath(event.context, property.slice(8))
  return atPath(event.properties, property)
}

const complement: Readonly<Record<string, string>> = {
  is_not: "is",
  not_contains: "contains",
  not_in: "in",
  is_not_set: "is_set"
}

const same = (a: Json, b: Json | undefined) => JSON.stringify(a) === JSON.stringify(b)

const textual = (op: string, actual: string, wanted: string): boolean => {
  switch (op) {
    case "contains":
      return actual.includes(wanted)
    case "starts_with":
      return actual.startsWith(wanted)
    case "ends_with":
      return actual.endsWith(wanted)
    default:
      return new RegExp(wanted, "su").test(actual)
  }
}

const numeric = (op: string, actual: number, wanted: Json): boolean => {
  const [low, high] = (Array.isArray(wanted) ? wanted : [wanted]).map(Number)
  if (low === undefined) throw new Error(`${op} without a number`)
  switch (op) {
    case "gt":
      return actual > low
    case "gte":
      return actual >= low
    case "lt":
      return actual < low
    case "lte":
      return actual <= low
    default:
      return actual >= low && actual <= (high ?? low)
  }
}

const holds = (actual: Json, op: string, wanted: Json): boolean => {
  if (op === "is_set") return actual !== null
  if (Array.isArray(actual)) return actual.some((one) => holds(one, op, wanted))
  if (op === "is") return same(actual, wanted)
  if (op === "in")
    return Array.isArray(wanted) && wanted.some((one) => same(actual, one))
  if (["contains", "starts_with", "ends_with", "matches"].includes(op))
    return typeof actual === "string" && textual(op, actual, String(wanted))
  return typeof actual === "number" && numeric(op, actual, wanted)
}

/** Two-valued: whatever does not hold is held by its negation. */
export const matches = (world: World, event: OracleEvent, filter: Filter): boolean => {
  if ("and" in filter) return filter.and.every((one) => matches(world, event, one))
  if ("or" in filter) return filter.or.some((one) => matches(world, event, one))
  if ("not" in filter) return !matches(world, event, filter.not)
  const { property, op, value = null } = filter
  const actual = propertyOf(world, event, property)
  const positive = complement[op]
  return positive === undefined
    ? holds(actual, op, value)
    : !holds(actual, positive, value)
}

/** What an event must be to count: of that name, else any activity, and as the filters say. */
export interface Pick {
  readonly event?: string
  readonly filters?: ReadonlyArray<Filter>
}

export const picked = (world: World, event: OracleEvent, pick: Pick): boolean =>
  (pick.event === undefined ? event.activity : event.name === pick.event) &&
  (pick.filters ?? []).every((filter) => matches(world, event, filter))
