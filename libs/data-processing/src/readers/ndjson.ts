import { parse } from "../ExactJson.ts"
import { lines } from "./lines.ts"
import { type Bytes, type Row, row, type UnreadableRow, unreadable } from "./Row.ts"

/** One JSON object a line; integers keep all their digits. */
export async function* ndjson(bytes: Bytes): AsyncGenerator<Row | UnreadableRow> {
  let number = 0
  for await (const line of lines(bytes)) {
    if (line.trim() === "") continue
    number++
    yield parsed(number, line)
  }
}

const parsed = (number: number, line: string): Row | UnreadableRow => {
  try {
    const value: unknown = parse(line)
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? row(number, value as Row["fields"])
      : unreadable(number, "not a JSON object")
  } catch {
    return unreadable(number, "not valid JSON")
  }
}
