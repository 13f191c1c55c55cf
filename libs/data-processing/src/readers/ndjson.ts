import { parse } from "../ExactJson.ts"
import { rowPerLine } from "./lines.ts"
import { type Row, type UnreadableRow, unreadable } from "./Row.ts"

const parsed = (number: number, line: string): Row | UnreadableRow => {
  try {
    const value: unknown = parse(line)
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? { _tag: "Row", number, fields: value as Row["fields"], json: line }
      : unreadable(number, "not a JSON object")
  } catch {
    return unreadable(number, "not valid JSON")
  }
}

/** One JSON object a line; integers keep all their digits. */
export const ndjson = rowPerLine(parsed)
