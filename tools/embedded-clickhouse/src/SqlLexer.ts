/** A token of ClickHouse SQL; `text` of quoted identifiers is what they name. */
export interface Token {
  readonly kind: "word" | "identifier" | "string" | "symbol"
  readonly text: string
  readonly start: number
  readonly end: number
}

const SPACE = /[\s\u00a0]/
const WORD = /[A-Za-z0-9_\u0080-\uffff]/
const HEREDOC = /\$[A-Za-z0-9_]*\$/y

/** The end of a quoted piece: a doubled quote or a backslash does not end it. */
const quotedEnd = (sql: string, start: number, quote: string): number => {
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] === "\\") at++
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1
      at++
    }
  }
  return sql.length
}

const unquoted = (text: string, quote: string): string =>
  text
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\(.)/gs, "$1")

const lineEnd = (sql: string, from: number): number => {
  const end = sql.indexOf("\n", from)
  return end < 0 ? sql.length : end + 1
}

const commentEnd = (sql: string, at: number): number | undefined => {
  if (sql.startsWith("--", at)) return lineEnd(sql, at)
  if (sql.startsWith("#!", at) || sql.startsWith("# ", at)) return lineEnd(sql, at)
  if (!sql.startsWith("/*", at)) return undefined
  const end = sql.indexOf("*/", at + 2)
  return end < 0 ? sql.length : end + 2
}

/**
 * Splits SQL lazily, so that data after an INSERT is never looked at. Offsets are those of
 * the given string; with a latin1 string they are byte offsets.
 */
export function* tokens(sql: string): Generator<Token> {
  let at = 0
  while (at < sql.length) {
    const char = sql[at] ?? ""
    const comment = commentEnd(sql, at)
    if (comment !== undefined) {
      at = comment
      continue
    }
    if (SPACE.test(char)) {
      at++
      continue
    }
    const start = at
    if (char === "'" || char === "`" || char === '"') {
      at = quotedEnd(sql, at, char)
      const text = unquoted(sql.slice(start, at), char)
      yield { kind: char === "'" ? "string" : "identifier", text, start, end: at }
      continue
    }
    HEREDOC.lastIndex = at
    const tag = char === "$" ? HEREDOC.exec(sql)?.[0] : undefined
    if (tag !== undefined) {
      const close = sql.indexOf(tag, at + tag.length)
      at = close < 0 ? sql.length : close + tag.length
      yield { kind: "string", text: sql.slice(start, at), start, end: at }
      continue
    }
    if (WORD.test(char)) {
      while (at < sql.length && WORD.test(sql[at] ?? "")) at++
      yield { kind: "word", text: sql.slice(start, at), start, end: at }
      continue
    }
    at++
    yield { kind: "symbol", text: char, start, end: at }
  }
}
