import { textWidth } from "../fonts/textWidth.ts"
import { numberLocale } from "../format/numberText.ts"
import type { TextInk } from "./drawing.ts"
import { chartLabel, fitText } from "./fitText.ts"

const day = /^(\d{4})-\d{2}-\d{2}$/u

/** A label, and the same in full where a short one leaves something out. */
export interface TimeLabel {
  readonly short: string
  readonly full: string
}

/** The first days of months and nothing else: what is counted is months. */
const areMonths = (labels: ReadonlyArray<string>): boolean =>
  labels.length > 1 && labels.every((label) => label.endsWith("-01"))

/**
 * Days as people write them, with the year only where there are several; months without a
 * day; others as they are.
 */
export const timeLabels = (
  labels: ReadonlyArray<string>,
  locale: string
): ReadonlyArray<TimeLabel> => {
  const [first, last] = [labels[0]?.slice(0, 4), labels.at(-1)?.slice(0, 4)]
  if (labels.length === 0 || !labels.every((label) => day.test(label)))
    return labels.map((label) => {
      const text = chartLabel(label)
      return { short: text, full: text }
    })
  const as = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(numberLocale(locale), {
      ...options,
      calendar: "gregory",
      timeZone: "UTC"
    })
  const short = as({ day: "numeric", month: "short" })
  const long = as({ day: "numeric", month: "short", year: "numeric" })
  const month = as({ month: "short", year: "numeric" })
  const months = areMonths(labels)
  return labels.map((label) => {
    const at = Date.parse(`${label}T00:00:00Z`)
    if (Number.isNaN(at)) return { short: label, full: label }
    const full = months ? month.format(at) : long.format(at)
    if (months) return { short: full, full }
    return { short: first === last ? short.format(at) : full, full }
  })
}

/** Labels under an axis: as many as fit beside each other, evenly spaced. */
export const spacedLabels = (
  labels: ReadonlyArray<string>,
  place: {
    readonly x: (at: number) => number
    readonly y: number
    /** Where no text may go beyond. */
    readonly from: number
    readonly to: number
  },
  color: string
): ReadonlyArray<TextInk> => {
  const room = place.to - place.from
  const longest = Math.min(140, room)
  const fitted = labels.map((label) => fitText(label, longest, 12))
  const widths = fitted.map((label) => textWidth(label, 12))
  const widest = widths.reduce((most, width) => Math.max(most, width), 0)
  const apart = labels.length < 2 ? room : Math.abs(place.x(1) - place.x(0))
  const step = Math.max(1, Math.ceil((widest + 14) / Math.max(apart, 0.001)))
  const made: Array<TextInk> = []
  let free = place.from
  for (let at = 0; at < labels.length; at += step) {
    const half = (widths[at] ?? 0) / 2
    const x = Math.min(place.to - half, Math.max(place.from + half, place.x(at)))
    if (x - half < free - 0.01) continue
    made.push({ x, y: place.y, text: fitted[at] ?? "", color, align: "center" })
    free = x + half + 10
  }
  return made
}
