import Table from "cli-table3"

/** Numbers stand right, everything else left; `null` is empty. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<unknown>>
): string => {
  const isNumeric = head.map((_, column) =>
    rows.every((row) => row[column] === null || typeof row[column] === "number")
  )
  const drawn = new Table({
    head: [...head],
    colAligns: isNumeric.map((numeric) => (numeric ? "right" : "left")),
    style: { head: [], border: [], compact: true }
  })
  for (const row of rows) drawn.push(row.map(cell))
  return drawn.toString()
}

/** Longer texts would break the table. */
const MAX_CELL = 80

/** Control characters of an event would command the terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  if (typeof value === "number") return shown(value)
  const text = printable(typeof value === "string" ? value : JSON.stringify(value))
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text
}

const shown = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
