import { Predicate } from "effect"
import type { Tabular } from "./tabular.ts"

/** What the values of a column are; any may be null. `json` is whatever JSON allows. */
export type ColumnType = "number" | "boolean" | "string" | "json"

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/**
 * The typed columns of a table. They depend on the kind alone, and for SQL on the types
 * that the store names: never on the values, which differ from page to page.
 */
export const columnsOf = (
  kind: string,
  result: unknown,
  table: Tabular
): ReadonlyArray<Column> => {
  const types = typesOf[kind] ?? {}
  const written = kind === "sql" ? writtenTypes(result) : []
  return table.columns.map((name, index) => ({
    name,
    type: written[index] ?? types[name] ?? "json"
  }))
}

const all = (type: ColumnType, names: string): Record<string, ColumnType> =>
  Object.fromEntries(names.split(" ").map((name) => [name, type]))

/** Columns that are not here hold values of properties, lists or objects. */
const typesOf: Readonly<Record<string, Readonly<Record<string, ColumnType>>>> = {
  trends: {
    ...all("string", "period bucket label name"),
    ...all("boolean", "other"),
    ...all("number", "value")
  },
  funnel: {
    ...all("string", "event"),
    ...all(
      "number",
      "step count rateFromPrevious rateFromFirst meanSeconds medianSeconds"
    )
  },
  retention: {
    ...all("string", "start"),
    ...all("number", "size period count rate")
  },
  lifecycle: {
    ...all("string", "bucket label"),
    ...all("number", "new returning resurrecting dormant")
  },
  sessions: {
    ...all("string", "bucket label personId start end"),
    ...all("number", "value durationSeconds events")
  },
  stickiness: all("number", "buckets people"),
  paths: all("number", "position count"),
  people: all("string", "personId firstSeen lastSeen"),
  events: all(
    "string",
    "messageId event type timestamp receivedAt userId anonymousId personId"
  )
}

const writtenTypes = (result: unknown): ReadonlyArray<ColumnType> => {
  const columns: unknown = Predicate.hasProperty(result, "columns")
    ? result.columns
    : undefined
  return Array.isArray(columns)
    ? columns.map((column: unknown) =>
        Predicate.hasProperty(column, "type") ? storedType(String(column.type)) : "json"
      )
    : []
}

/** By the name of a ClickHouse type. Integers of 64 bits and more are answered as text. */
const storedType = (name: string): ColumnType => {
  const wrapped = /^(?:Nullable|LowCardinality)\((.*)\)$/u.exec(name)?.[1]
  if (wrapped !== undefined) return storedType(wrapped)
  if (name === "Bool") return "boolean"
  if (/^(?:U?Int(?:8|16|32)|B?Float\d+)$/u.test(name)) return "number"
  return /^(?:String|FixedString|UUID|Date|Enum|IPv|U?Int(?:64|128|256)$)/u.test(name)
    ? "string"
    : "json"
}
