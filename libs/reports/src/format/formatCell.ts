import type { Cell, Column } from "../ReportTable.ts"
import { numberLocale, numberText } from "./numberText.ts"
import { plainText } from "./plainText.ts"

/** How a report writes: BCP 47 and IANA, as in its document. */
export interface Writing {
  readonly locale: string
  readonly timezone: string
}

/** The time zone, or UTC when it is none that is known: never that of the machine. */
export const safeTimezone = (timezone: string): string => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone })
    return timezone
  } catch {
    return "UTC"
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format costs a hundred times more than using it. */
const times = (
  { locale, timezone }: Writing,
  options: Intl.DateTimeFormatOptions
): Intl.DateTimeFormat => {
  const key = JSON.stringify([locale, timezone, options])
  const kept = formats.get(key)
  if (kept !== undefined) return kept
  if (formats.size > 500) formats.clear()
  const made = new Intl.DateTimeFormat(numberLocale(locale), {
    ...options,
    timeZone: safeTimezone(timezone)
  })
  formats.set(key, made)
  return made
}

/** An instant in the report's time zone, as people write it: `3 Mar 2026, 14:05`. */
export const formatInstant = (instant: string, writing: Writing): string => {
  const at = Date.parse(instant)
  return Number.isNaN(at)
    ? plainText(instant, 100)
    : times(writing, { dateStyle: "medium", timeStyle: "short" }).format(at)
}

const day = /^\d{4}-\d{2}-\d{2}$/u

/** A day, `2026-03-01`, as people write it: `1 Mar 2026`. */
export const formatDay = (text: string, { locale }: Writing): string => {
  const at = day.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(at)
    ? plainText(text)
    : times({ locale, timezone: "UTC" }, { dateStyle: "medium" }).format(at)
}

/** The range `[from, to)`: days where both ends are midnights, else instants. */
export const formatRange = (from: string, to: string, writing: Writing): string => {
  const clock = times(
    { ...writing, locale: "en" },
    { hourCycle: "h23", timeStyle: "medium" }
  )
  const ends = [Date.parse(from), Date.parse(to)] as const
  if (ends.some(Number.isNaN)) return `${plainText(from, 100)} – ${plainText(to, 100)}`
  const whole = ends.every((at) => clock.format(at) === "00:00:00") && ends[0] < ends[1]
  const style = times(
    writing,
    whole ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" }
  )
  const first = style.format(ends[0])
  const last = style.format(whole ? ends[1] - 1 : ends[1])
  return first === last ? first : `${first} – ${last}`
}

/** A value as text for people; "" where there is none. Values of other kinds are text. */
export const formatCell = (
  cell: Cell,
  { kind, unit }: Pick<Column, "kind" | "unit">,
  writing: Writing
): string => {
  if (cell === null) return ""
  if (typeof cell === "boolean") return cell ? "yes" : "no"
  if (typeof cell === "number")
    return kind === "text" || kind === "date" || kind === "datetime"
      ? String(cell)
      : numberText(cell, kind, unit, writing.locale)
  if (kind === "date") return formatDay(cell, writing)
  if (kind === "datetime") return formatInstant(cell, writing)
  return plainText(cell)
}

/** Kinds whose values stand at the end of their column. */
export const isNumeric = (kind: Column["kind"]): boolean =>
  kind === "integer" ||
  kind === "number" ||
  kind === "percent" ||
  kind === "currency" ||
  kind === "duration"
