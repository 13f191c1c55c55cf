const anySurrogate = /\\u[dD][89a-fA-F]/

/** Another escape | a pair | half of one. The first alternative steps over `\\ud800`. */
const escapes =
  /\\[^u]|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}/g

/**
 * A JSON text whose strings are well-formed Unicode: half of a surrogate pair, which no
 * store can keep, becomes U+FFFD. Without one the same text comes back.
 */
export const wellFormedJson = (text: string): string =>
  anySurrogate.test(text)
    ? text.replace(escapes, (found) =>
        found.length === 6 && found[1] === "u" ? "\\ufffd" : found
      )
    : text
