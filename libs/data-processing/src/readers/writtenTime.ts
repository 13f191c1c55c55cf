const tokens = /yyyy|SSS|MMM|MM|dd|HH|mm|ss|Z/g
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")

const patternOf: Readonly<Record<string, string>> = {
  yyyy: "(?<yyyy>\\d{4})",
  MMM: `(?<MMM>${months.join("|")})`,
  MM: "(?<MM>\\d{1,2})",
  dd: "(?<dd>\\d{1,2})",
  HH: "(?<HH>\\d{1,2})",
  mm: "(?<mm>\\d{2})",
  ss: "(?<ss>\\d{2})",
  SSS: "(?<SSS>\\d{1,3})",
  Z: "(?<Z>Z|[+-]\\d{2}:?\\d{2})"
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const toRegExp = (pattern: string): RegExp => {
  let source = ""
  let last = 0
  for (const match of pattern.matchAll(tokens)) {
    source += escaped(pattern.slice(last, match.index)) + patternOf[match[0]]
    last = match.index + match[0].length
  }
  return new RegExp(`^${source}${escaped(pattern.slice(last))}$`)
}

/** Turns a time as it is written in a file into the text that a client would send. */
export type ReadTime = (written: unknown) => string | number | undefined

/**
 * `iso` (passed on), `unix` (seconds), `unix_ms`, or a pattern of `yyyy MM MMM dd HH mm ss
 * SSS Z` with other characters standing for themselves. A pattern without `Z` is read at
 * `offset` from UTC (`+02:00`). What does not fit is `undefined`.
 */
export const writtenTime = (format: string, offset: string): ReadTime => {
  if (format === "iso")
    return (written) =>
      typeof written === "string" || typeof written === "number" ? written : undefined
  if (format === "unix" || format === "unix_ms") {
    const scale = format === "unix" ? 1000 : 1
    return (written) => {
      const value = Number(written)
      return written === "" || !Number.isFinite(value)
        ? undefined
        : new Date(value * scale).toISOString()
    }
  }
  const expression = toRegExp(format)
  return (written) => {
    const parts = expression.exec(String(written))?.groups
    if (parts === undefined) return undefined
    const month = parts["MMM"] ? months.indexOf(parts["MMM"]) + 1 : parts["MM"]
    const zone = (parts["Z"] ?? offset).replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")
    const two = (value: unknown) => String(value ?? "0").padStart(2, "0")
    const date = `${parts["yyyy"]}-${two(month ?? 1)}-${two(parts["dd"] ?? 1)}`
    const time = `${two(parts["HH"])}:${two(parts["mm"])}:${two(parts["ss"])}`
    const fraction = (parts["SSS"] ?? "").padEnd(3, "0")
    const text = `${date}T${time}.${fraction}${zone}`
    return Number.isNaN(Date.parse(text)) ? undefined : text
  }
}
