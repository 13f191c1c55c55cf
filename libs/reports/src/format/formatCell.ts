import type { Cell, Column } from "../ReportTable.ts"
import { plainText } from "./plainText.ts"

/** How a report writes: BCP 47 and IANA, as in its document. */
export interface Writing {
  readonly locale: string
  readonly timezone: string
}

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

/** Making a format costs a hundred times more than using it. */
const kept = <A extends Intl.NumberFormat | Intl.DateTimeFormat>(
  key: string,
  is: (format: Intl.NumberFormat | Intl.DateTimeFormat) => format is A,
  make: () => A
): A => {
  const found = cache.get(key)
  if (found !== undefined && is(found)) return found
  const made = make()
  if (cache.size > 500) cache.clear()
  cache.set(key, made)
  return made
}

/** The locale, or `en` when it is none that is known: never that of the machine. */
export const safeLocale = (locale: string): string => {
  try {
    return Intl.NumberFormat.supportedLocalesOf([locale])[0] ?? "en"
  } catch {
    return "en"
  }
}

/** The time zone, or UTC when it is none that is known. */
export const safeTimezone = (timezone: string): string => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone })
    return timezone
  } catch {
    return "UTC"
  }
}

const numbers = (
  locale: string,
  options: Intl.NumberFormatOptions
): Intl.NumberFormat =>
  kept(
    `n ${locale} ${JSON.stringify(options)}`,
    (format) => format instanceof Intl.NumberFormat,
    () => new Intl.NumberFormat(safeLocale(locale), options)
  )

const times = (
  locale: string,
  timezone: string,
  options: Intl.DateTimeFormatOptions
): Intl.DateTimeFormat =>
  kept(
    `d ${locale} ${timezone} ${JSON.stringify(options)}`,
    (format) => format instanceof Intl.DateTimeFormat,
    () =>
      new Intl.DateTimeFormat(safeLocale(locale), {
        ...options,
        timeZone: safeTimezone(timezone)
      })
  )

const decimals = (value: number): Intl.NumberFormatOptions =>
  value !== 0 && Math.abs(value) < 0.01
    ? { maximumSignificantDigits: 2 }
    : { maximumFractionDigits: 2 }

/** Seconds as `1 hr 2 min`, `3 min 20 sec`, `12.3 sec`, `450 ms`: the two largest parts. */
const duration = (value: number, locale: string): string => {
  const part = (amount: number, unit: string, digits = 0) =>
    numbers(locale, {
      style: "unit",
      unit,
      unitDisplay: "short",
      maximumFractionDigits: digits
    }).format(amount)
  const size = Math.abs(value)
  const sign = value < 0 ? "-" : ""
  if (size === 0) return part(0, "second")
  if (size < 0.9995) return sign + part(size * 1000, "millisecond", size < 0.01 ? 2 : 0)
  if (size < 59.95) return sign + part(size, "second", 1)
  const two = (major: string, minor: string, ratio: number, unit: number) => {
    const units = Math.round(size / unit)
    const rest = units % ratio
    return (
      sign +
      part(Math.floor(units / ratio), major) +
      (rest === 0 ? "" : ` ${part(rest, minor)}`)
    )
  }
  if (size < 3599.5) return two("minute", "second", 60, 1)
  if (size < 86_370) return two("hour", "minute", 60, 60)
  return two("day", "hour", 24, 3600)
}

const currencyCode = /^[A-Za-z]{3}$/u

const formatNumber = (
  value: number,
  { kind, unit }: Pick<Column, "kind" | "unit">,
  locale: string
): string => {
  if (!Number.isFinite(value)) return String(value)
  switch (kind) {
    case "percent":
      return numbers(locale, { style: "percent", maximumFractionDigits: 1 }).format(
        value
      )
    case "currency":
      if (unit !== undefined && currencyCode.test(unit))
        return numbers(locale, {
          style: "currency",
          currency: unit.toUpperCase()
        }).format(value)
      break
    case "duration":
      return duration(value, locale)
    case "boolean":
      return value === 0 ? "no" : "yes"
    default:
  }
  const text = numbers(locale, decimals(value)).format(value)
  return unit === undefined ? text : `${text} ${plainText(unit, 40)}`
}

const day = /^\d{4}-\d{2}-\d{2}$/u

/** An instant, as a reader of the report writes it: `3 Mar 2026, 14:05`. */
export const formatInstant = (
  instant: string,
  { locale, timezone }: Writing
): string => {
  const at = Date.parse(instant)
  return Number.isNaN(at)
    ? plainText(instant, 100)
    : times(locale, timezone, { dateStyle: "medium", timeStyle: "short" }).format(at)
}

/** A day, `2026-03-01`, as a reader writes it: `1 Mar 2026`. */
export const formatDay = (text: string, { locale }: Writing): string => {
  const at = day.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(at)
    ? plainText(text)
    : times(locale, "UTC", { dateStyle: "medium" }).format(at)
}

/** A value as text for people; "" where there is none. Values of other kinds are text. */
export const formatCell = (
  cell: Cell,
  column: Pick<Column, "kind" | "unit">,
  writing: Writing
): string => {
  if (cell === null) return ""
  if (typeof cell === "boolean") return cell ? "yes" : "no"
  if (typeof cell === "number")
    return column.kind === "text"
      ? String(cell)
      : formatNumber(cell, column, writing.locale)
  if (column.kind === "date") return formatDay(cell, writing)
  if (column.kind === "datetime") return formatInstant(cell, writing)
  return plainText(cell)
}

/** Kinds whose values stand at the end of their column. */
export const isNumeric = (kind: Column["kind"]): boolean =>
  kind === "integer" ||
  kind === "number" ||
  kind === "percent" ||
  kind === "currency" ||
  kind === "duration"
