/** Most characters (UTF-16 units) shown of one text; a longer one is cut and says so. */
export const longestText = 10_000

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/gu

/**
 * What a user wrote as text that every format can hold: lone surrogates and control
 * characters but tab and line ends become U+FFFD, since XML, HTML and fonts refuse them.
 * Longer than `limit`, it is cut between characters and ends with how long it was.
 */
export const plainText = (value: string, limit: number = longestText): string => {
  if (value.length <= limit) return value.toWellFormed().replaceAll(control, "\ufffd")
  const note = `… [cut: ${value.length} characters]`
  const kept = value.slice(0, Math.max(0, limit - note.length))
  const last = kept.charCodeAt(kept.length - 1)
  const whole = last >= 0xd800 && last <= 0xdbff ? kept.slice(0, -1) : kept
  return whole.toWellFormed().replaceAll(control, "\ufffd") + note
}

/** The same in one line: every run of white space is a space. */
export const plainLine = (value: string, limit: number = longestText): string =>
  plainText(value, limit).replaceAll(/\s+/gu, " ").trim()
