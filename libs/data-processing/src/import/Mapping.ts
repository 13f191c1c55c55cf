import type { Row } from "../readers/Row.ts"
import { writtenTime } from "../readers/writtenTime.ts"
import { type Mapped, rowId } from "./Mapped.ts"

/** Which column of a file becomes which field of an event. */
export interface Mapping {
  /** The same event name for every row, or the column that holds it. */
  readonly event?: string | undefined
  readonly eventColumn?: string | undefined
  readonly userColumn?: string | undefined
  readonly anonymousColumn?: string | undefined
  readonly timestampColumn?: string | undefined
  /** See `writtenTime`. */
  readonly timestampFormat: string
  /** Offset from UTC for times written without one, as `+02:00`. */
  readonly timeOffset: string
  readonly messageIdColumn?: string | undefined
  /** Columns that become properties; else all that have no other role. */
  readonly properties?: ReadonlyArray<string> | undefined
  /** Columns whose text is a JSON number. */
  readonly numbers: ReadonlyArray<string>
  /** Columns whose text is `true` or `false`. */
  readonly booleans: ReadonlyArray<string>
}

const number = (text: string): number | string => {
  const value = Number(text)
  return text.trim() === "" || !Number.isFinite(value) ? text : value
}

const boolean = (text: string): boolean | string =>
  /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text

/** Makes rows into `track` events. Empty values of text files are absent. */
export const makeMapper = (mapping: Mapping) => {
  const readTime = writtenTime(mapping.timestampFormat, mapping.timeOffset)
  const numbers = new Set(mapping.numbers)
  const booleans = new Set(mapping.booleans)
  const roles = new Set([
    mapping.eventColumn,
    mapping.userColumn,
    mapping.anonymousColumn,
    mapping.timestampColumn,
    mapping.messageIdColumn
  ])

  const propertyOf = (name: string, value: unknown): unknown => {
    if (typeof value !== "string") return value
    if (value === "") return undefined
    if (numbers.has(name)) return number(value)
    return booleans.has(name) ? boolean(value) : value
  }

  const propertiesOf = (fields: Row["fields"]) => {
    const names =
      mapping.properties ?? Object.keys(fields).filter((name) => !roles.has(name))
    return Object.fromEntries(
      names.map((name) => [name, propertyOf(name, fields[name])])
    )
  }

  return (row: Row, file: string): Mapped => {
    const { fields } = row
    const at = (column: string | undefined): unknown => {
      const value = column === undefined ? undefined : fields[column]
      return value === "" ? undefined : value
    }
    const event = mapping.event ?? at(mapping.eventColumn)
    if (typeof event !== "string" || event === "")
      return { reason: `no event name in column ${mapping.eventColumn}` }
    const timestamp = readTime(at(mapping.timestampColumn))
    if (timestamp === undefined)
      return {
        reason: `column ${mapping.timestampColumn} is not written as ${mapping.timestampFormat}`
      }
    return {
      event: {
        type: "track",
        event,
        timestamp,
        userId: at(mapping.userColumn),
        anonymousId: at(mapping.anonymousColumn),
        messageId: at(mapping.messageIdColumn) ?? rowId(file, row),
        properties: propertiesOf(fields)
      }
    }
  }
}
