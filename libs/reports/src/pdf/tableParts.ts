import { noValue } from "../format/numberText.ts"
import { textWidth } from "./pdfFonts.ts"
import { breakLongWords, isRightToLeft, showable } from "./showable.ts"

/** Text of a cell, and of one that is written from right to left. */
export type CellText = string | { readonly rtl: string }

/** As much of a table as stands beside each other on a page. */
export interface TablePart {
  /** Which columns these are, when they are not all. */
  readonly caption: string
  readonly landscape: boolean
  /** Points, as are widths; they are without `inset`. */
  readonly size: number
  readonly inset: number
  readonly widths: ReadonlyArray<number>
  readonly numeric: ReadonlyArray<boolean>
  readonly header: ReadonlyArray<CellText>
  readonly rows: ReadonlyArray<ReadonlyArray<CellText>>
  /** Whether a row surely takes one line: Typst need not lay it out to know its height. */
  readonly single: ReadonlyArray<boolean>
}

/** Points between the margins. */
export interface Space {
  readonly portrait: number
  /** Without it, pages are not turned. */
  readonly landscape?: number
}

/** Em a column takes: at least, so that no word breaks that can be whole, and at best. */
interface Wanted {
  readonly least: number
  readonly best: number
}

const sum = (numbers: ReadonlyArray<number>): number =>
  numbers.reduce((total, number) => total + number, 0)

/** Em of text whose figures are all as wide as each other. */
const cellWidth = (text: string): number => textWidth(text.replaceAll(/[1-9]/gu, "0"))

const largest = (numbers: ReadonlyArray<number>): number =>
  numbers.reduce((most, number) => Math.max(most, number), 0)

const longestWord = (text: string): number => largest(text.split(/\s+/u).map(cellWidth))

const wanted = (
  name: string,
  cells: ReadonlyArray<string>,
  numeric: boolean
): Wanted => {
  // Bold letters are wider.
  const header = Math.min(longestWord(name) * 1.1, 14)
  const widest = largest(cells.map((cell) => cellWidth(cell.slice(0, 200))))
  if (numeric) {
    const least = Math.max(header, Math.min(widest * 1.03, 30)) + 0.2
    return { least, best: Math.max(least, Math.min(textWidth(name) * 1.1, 12)) }
  }
  const best = Math.max(header, Math.min(Math.max(widest, textWidth(name)) * 1.05, 45))
  const word = largest(cells.map((cell) => longestWord(cell.slice(0, 200))))
  return { least: Math.max(header, Math.min(word, 14), Math.min(best, 12)) + 0.2, best }
}

/**
 * Columns that fit a width together, the first of all before each of them. No part has many
 * fewer than the others.
 */
const groups = (
  columns: ReadonlyArray<Wanted>,
  width: number,
  padding: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const within = (most: number): ReadonlyArray<ReadonlyArray<number>> => {
    const made: Array<Array<number>> = []
    let open: Array<number> = []
    let used = 0
    for (const [index, { least }] of columns.entries()) {
      const full = open.length >= most || used + least + padding > width
      if (open.length > 1 && full) {
        made.push(open)
        open = [0]
        used = (columns[0]?.least ?? 0) + padding
      }
      open.push(index)
      used += least + padding
    }
    return [...made, open]
  }
  const fewest = within(columns.length).length
  const even = within(Math.ceil((columns.length - 1) / fewest) + 1)
  return even.length > fewest ? within(columns.length) : even
}

const share = (columns: ReadonlyArray<Wanted>, width: number): Array<number> => {
  const least = sum(columns.map((column) => column.least))
  const best = sum(columns.map((column) => column.best))
  if (least >= width) return columns.map((column) => (column.least / least) * width)
  if (best >= width) {
    const part = (width - least) / (best - least)
    return columns.map((column) => column.least + (column.best - column.least) * part)
  }
  // Figures far from what they are of are hard to follow: a narrow table stays narrow.
  const whole = Math.max(Math.min(width, best * 1.4), width * 0.5)
  return columns.map((column) => (column.best / best) * whole)
}

const cellText = (text: string, width: number): CellText => {
  const broken = breakLongWords(text, width)
  return isRightToLeft(text) ? { rtl: broken } : broken
}

const isOneLine = (text: string, width: number): boolean =>
  text.length < 200 && !text.includes("\n") && cellWidth(text) * 1.02 < width

interface Fit {
  readonly landscape: boolean
  readonly size: number
  readonly inset: number
}

const inset = (size: number): number => (size >= 8 ? 5 : size >= 7 ? 4 : 3)

const fits = (space: Space): ReadonlyArray<Fit & { width: number }> =>
  [
    { landscape: false, size: 8.5, width: space.portrait },
    { landscape: false, size: 7.5, width: space.portrait },
    ...(space.landscape === undefined
      ? [{ landscape: false, size: 6.5, width: space.portrait }]
      : [
          { landscape: true, size: 8, width: space.landscape },
          { landscape: true, size: 7, width: space.landscape }
        ])
  ].map((fit) => ({ ...fit, inset: inset(fit.size) }))

/**
 * A table as it is set: with smaller type or on a turned page when it has many columns, and
 * in parts, each with the first column, when that is not enough.
 */
export const tableParts = (
  table: {
    readonly columns: ReadonlyArray<{
      readonly name: string
      readonly numeric: boolean
    }>
    readonly rows: ReadonlyArray<ReadonlyArray<string>>
  },
  space: Space
): ReadonlyArray<TablePart> => {
  if (table.columns.length === 0) return []
  const names = table.columns.map(({ name }) => showable(name, 200))
  const numeric = table.columns.map((column) => column.numeric)
  const rows = table.rows.map((row) =>
    numeric.map((isNumber, index) => {
      const cell = row[index] ?? ""
      return isNumber && cell === "" ? noValue : showable(cell)
    })
  )
  const columns = names.map((name, index) =>
    wanted(
      name,
      rows.map((row) => row[index] ?? ""),
      numeric[index] ?? false
    )
  )
  const least = sum(columns.map((column) => column.least))
  const choices = fits(space)
  const whole = choices.find(
    ({ size, inset, width }) => least * size + columns.length * 2 * inset <= width
  )
  const fit = whole ?? choices[choices.length - 1]
  if (fit === undefined) return []
  const together =
    whole === undefined
      ? groups(columns, fit.width / fit.size, (2 * fit.inset) / fit.size)
      : [columns.map((_, index) => index)]
  return together.map((indexes) => {
    const taken = indexes.flatMap((index) => columns[index] ?? [])
    const width = (fit.width - indexes.length * 2 * fit.inset) / fit.size
    const widths = share(taken, width)
    const cells = (row: ReadonlyArray<string>) =>
      indexes.map((index, at) => cellText(row[index] ?? "", widths[at] ?? 1))
    const first = indexes[indexes[0] === 0 && together.length > 1 ? 1 : 0] ?? 0
    const from = together.indexOf(indexes) === 0 ? 1 : first + 1
    const to = (indexes[indexes.length - 1] ?? 0) + 1
    return {
      caption:
        together.length === 1 ? "" : `Columns ${from} to ${to} of ${names.length}`,
      landscape: fit.landscape,
      size: fit.size,
      inset: fit.inset,
      widths: widths.map((em) => Math.floor(em * fit.size * 100) / 100),
      numeric: indexes.map((index) => numeric[index] ?? false),
      header: cells(names),
      rows: rows.map(cells),
      single: rows.map((row) =>
        indexes.every((index, at) => isOneLine(row[index] ?? "", widths[at] ?? 1))
      )
    }
  })
}
