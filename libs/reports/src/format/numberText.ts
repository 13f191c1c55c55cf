import type { ValueKind } from "../ReportTable.ts"
import { plainLine } from "./plainText.ts"

/** What stands where there is no value. */
export const noValue = "–"

const formats = new Map<string, Intl.NumberFormat>()

/** Making a format costs a hundred times more than using it. */
const format = (locale: string, options: Intl.NumberFormatOptions) => {
  const key = `${locale} ${JSON.stringify(options)}`
  const kept = formats.get(key)
  if (kept !== undefined) return kept
  if (formats.size > 500) formats.clear()
  const made = new Intl.NumberFormat(numberLocale(locale), options)
  formats.set(key, made)
  return made
}

/** The locale, or `en` when it is none that is known: never that of the machine. */
export const numberLocale = (locale: string): string => {
  try {
    return Intl.NumberFormat.supportedLocalesOf([locale])[0] ?? "en"
  } catch {
    return "en"
  }
}

/** Digits that tell something: two decimals, two digits of what is smaller than that. */
const digits = (value: number): Intl.NumberFormatOptions => {
  const size = Math.abs(value)
  if (size >= 1e15) return { notation: "scientific", maximumFractionDigits: 3 }
  return size !== 0 && size < 0.01
    ? size < 1e-6
      ? { notation: "scientific", maximumFractionDigits: 1 }
      : { maximumSignificantDigits: 2 }
    : { maximumFractionDigits: 2 }
}

const currencyCode = /^[A-Za-z]{3}$/u

/** Seconds as `1 day 2 hr`, `3 min 20 sec`, `12.3 sec`, `450 ms`: the two largest parts. */
const duration = (value: number, locale: string): string => {
  const part = (amount: number, unit: string, places = 0) =>
    format(locale, {
      ...(amount >= 1e15 ? { notation: "scientific" } : {}),
      style: "unit",
      unit,
      unitDisplay: "short",
      maximumFractionDigits: places
    }).format(amount)
  const size = Math.abs(value)
  const sign = value < 0 ? "-" : ""
  if (size < 0.000_005) return part(0, "second")
  if (size < 0.9995) return sign + part(size * 1000, "millisecond", size < 0.01 ? 2 : 0)
  if (size < 59.95) return sign + part(size, "second", 1)
  const two = (major: string, minor: string, ratio: number, unit: number) => {
    const units = Math.round(size / unit)
    const rest = units % ratio
    const whole = Math.floor(units / ratio)
    return rest === 0 || whole >= 1000
      ? sign + part(whole, major)
      : `${sign}${part(whole, major)} ${part(rest, minor)}`
  }
  if (size < 3599.5) return two("minute", "second", 60, 1)
  if (size < 86_370) return two("hour", "minute", 60, 60)
  return two("day", "hour", 24, 3600)
}

const written = (
  value: number,
  kind: ValueKind,
  unit: string | undefined,
  locale: string,
  options: Intl.NumberFormatOptions
): string => {
  if (kind === "percent")
    return format(locale, { ...options, style: "percent" }).format(value)
  if (kind === "currency" && unit !== undefined && currencyCode.test(unit))
    return format(locale, {
      ...options,
      style: "currency",
      currency: unit.toUpperCase()
    }).format(value)
  const text = format(locale, options).format(value)
  return unit === undefined || unit === "" ? text : `${text} ${shownUnit(unit)}`
}

/** A unit behind a number: in one line, and with an end. */
const shownUnit = (unit: string): string => {
  const line = plainLine(unit.slice(0, 400))
  return line.length <= 40 ? line : `${line.slice(0, 39).toWellFormed().trimEnd()}…`
}

/**
 * A number as people of a locale (BCP 47; unknown ones are `en`) write it: `1,234.5`,
 * `12.5%` of 0.125, `€3.20`, `3 min 20 sec` of 200 seconds, `12 ms` with a unit of its own. No value, and what is
 * no finite number, is `–`. Depends on nothing of the machine: Bun carries its own ICU, and
 * neither LANG nor TZ are read.
 */
export const numberText = (
  value: number | null,
  kind: ValueKind,
  unit: string | undefined,
  locale: string
): string => {
  if (value === null || !Number.isFinite(value)) return noValue
  const number = value === 0 ? 0 : value
  if (kind === "duration") return duration(number, locale)
  if (kind === "boolean") return number === 0 ? "no" : "yes"
  const size = Math.abs(number)
  if (kind === "percent")
    return written(number, kind, unit, locale, {
      ...digits(number * 100),
      ...(size >= 0.01 && size < 1e13 ? { maximumFractionDigits: 1 } : {}),
      // 99.98 % must not become everything.
      ...(size > 0.995 && size < 1
        ? { maximumFractionDigits: 2, roundingMode: "trunc" }
        : {})
    })
  if (kind === "currency")
    return written(
      number,
      kind,
      unit,
      locale,
      size >= 1e15 || (size !== 0 && size < 0.005) ? digits(number) : {}
    )
  return written(number, kind, unit, locale, digits(number))
}

/**
 * The same in little room, for axes and labels in charts: `1.2M`, `€30K`, `12%`, `3 min`.
 * Numbers of `compactFrom` and more are shortened.
 */
export const shortNumberText = (
  value: number | null,
  kind: ValueKind,
  unit: string | undefined,
  locale: string,
  compactFrom = 10_000
): string => {
  if (value === null || !Number.isFinite(value)) return noValue
  const number = value === 0 ? 0 : value
  const size = Math.abs(number)
  if (kind === "currency" && size < compactFrom && Number.isInteger(number))
    return written(number, kind, unit, locale, { maximumFractionDigits: 0 })
  if (kind === "duration" || kind === "boolean" || size < compactFrom)
    return numberText(number, kind, unit, locale)
  return written(
    number,
    kind,
    unit,
    locale,
    size >= 1e15 ? digits(number) : { notation: "compact", maximumFractionDigits: 1 }
  )
}
