/** Most characters of a field; a longer text is cut and says so. */
export const longestField = 100_000

/** What spreadsheets take for the beginning of a formula, also after white space. */
const formula = /^(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/u

/**
 * The same after what spreadsheets of other locales take for the end of a field. It looks
 * back from what begins a formula: forwards, white space would be read again and again.
 */
const innerFormula = /(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?<=[;\t\r\n]\s*)/gu

/**
 * A text that no spreadsheet runs: what looks like a formula gets an apostrophe in front,
 * which they take for "this is text"; also within a text after `;`, a tab or a line end, as
 * a spreadsheet that expects `;` splits there. Numbers are not written by this.
 */
export const guarded = (text: string): string => {
  const inner = text.replaceAll(innerFormula, "'")
  return formula.test(inner) ? `'${inner}` : inner
}

/** RFC 4180: quoted where a separator, a quote, a line end or outer space is in it. */
export const quoted = (text: string): string =>
  /[",;\r\n\t]|^\s|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text

/** A number for machines and every locale: a point, no grouping, as few digits as tell it. */
export const plainNumber = (value: number): string =>
  Number.isFinite(value) ? String(value === 0 ? 0 : value) : ""
