import { strToU8, zipSync } from "fflate"
import { documentHead } from "../format/documentHead.ts"
import { plainText } from "../format/plainText.ts"
import { sections } from "../format/sections.ts"
import { uniqueNames } from "../format/uniqueNames.ts"
import { zipTime } from "../format/zipTime.ts"
import type { Rendered, ReportDocument } from "../ReportDocument.ts"
import type { Cell, ReportTable } from "../ReportTable.ts"
import { guarded, longestField, plainNumber, quoted } from "./csvField.ts"

/** Decimal digits that a double keeps: amounts are without what adding them leaves. */
const keptDigits = 15

const field = (cell: Cell, { kind }: ReportTable["columns"][number]): string => {
  if (cell === null) return ""
  if (typeof cell === "number")
    return plainNumber(
      kind === "currency" && Number.isFinite(cell) && !Number.isInteger(cell)
        ? Number(cell.toPrecision(keptDigits))
        : cell
    )
  if (typeof cell === "boolean") return String(cell)
  return quoted(guarded(plainText(cell, longestField)))
}

/** Names of currencies and units stand in the heading, as their numbers are bare. */
const heading = ({ name, unit }: ReportTable["columns"][number]): string =>
  quoted(guarded(plainText(unit === undefined ? name : `${name} (${unit})`, 1000)))

/**
 * A table as RFC 4180: CRLF, UTF-8 with a byte order mark (without it Excel reads another
 * encoding). Numbers have a point and no grouping; shares are 0.125, durations seconds,
 * instants ISO 8601 in UTC: as the document has them, amounts to 15 digits.
 */
export const csvText = (table: ReportTable): string => {
  const lines = [table.columns.map(heading).join(",")]
  for (const row of table.rows)
    lines.push(
      table.columns.map((column, at) => field(row[at] ?? null, column)).join(",")
    )
  return `\ufeff${lines.join("\r\n")}\r\n`
}

/** What the zip is, as text, and which of its files are not whole. */
const aboutText = (
  document: ReportDocument,
  files: ReadonlyArray<{ readonly name: string; readonly table: ReportTable }>
): string => {
  const head = documentHead(document)
  return [
    `${head.title} (${head.project})`,
    ...(head.range === null ? [] : [`Period: ${head.range}`]),
    `As of: ${head.asOf} (${head.timezone})`,
    ...head.notices.map(({ label, text }) => `${label}: ${text}`),
    "",
    "Numbers have a decimal point; shares are 0.125 for 12.5%, durations are seconds,",
    "instants are ISO 8601 in UTC. A text that looks like a formula begins with '.",
    "",
    ...files.map(({ name, table }) => {
      const all = Math.max(table.totalRows ?? 0, table.rows.length)
      const more = table.isCut === true ? "more than " : ""
      const rows =
        all > table.rows.length || more !== ""
          ? `${table.rows.length} of ${more}${all}`
          : all
      return `${name}: ${rows} rows`
    }),
    ""
  ].join("\r\n")
}

/**
 * A zip with one CSV file for each table, chart and group of metrics, in their order, and
 * `00 about.txt`.
 */
export const renderCsv = (document: ReportDocument): Rendered => {
  const parts = sections(document)
  const names = uniqueNames(
    parts.map(({ title }, at) =>
      `${String(at + 1).padStart(2, "0")} ${fileName(title)}`.trim()
    ),
    100
  )
  const files = parts.map(({ table }, at) => ({ name: `${names[at]}.csv`, table }))
  const entries: Record<string, Uint8Array> = {
    "00 about.txt": strToU8(aboutText(document, files))
  }
  for (const { name, table } of files) entries[name] = strToU8(csvText(table))
  return {
    mediaType: "application/zip",
    extension: "zip",
    bytes: zipSync(entries, { level: 6, mtime: zipTime(document.asOf) })
  }
}

/** Names that every file system takes. */
const fileName = (title: string): string =>
  plainText(title, 200)
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{M}\p{N} _-]+/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .trim()
    .slice(0, 60)
    .toWellFormed()
    .replaceAll("\ufffd", "")
    .trim()
