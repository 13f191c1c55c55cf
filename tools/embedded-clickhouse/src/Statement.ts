import { engineError } from "./EngineError.ts"
import { type Token, tokens } from "./SqlLexer.ts"

/** A request's statement, its data taken apart from its SQL. */
export type Statement =
  | {
      readonly kind: "insert"
      /** `INSERT INTO t (a, b) SETTINGS …`, without FORMAT. */
      readonly sql: string
      readonly format: string
      /** What followed FORMAT in the same text, then the body. */
      readonly data: ReadonlyArray<Uint8Array<ArrayBuffer>>
    }
  | {
      readonly kind: "plain"
      readonly sql: string
      /** The format its own FORMAT clause names. */
      readonly format: string | undefined
      readonly selects: boolean
      readonly kills: boolean
    }

/** An INSERT's head is searched this far; longer column lists do not occur. */
const HEAD = 256 * 1024

/** The longest text without separate data. */
const MAX_SQL = 16 * 1024 * 1024

const is = (token: Token | undefined, word: string): boolean =>
  token?.kind === "word" && token.text.toUpperCase() === word

const depthChange = (token: Token): number => {
  if (token.kind !== "symbol") return 0
  if ("([{".includes(token.text)) return 1
  return ")]}".includes(token.text) ? -1 : 0
}

/** Where the data of an INSERT begins: after its format's name and one line end. */
const dataStart = (latin1: string, formatEnd: number): number => {
  let at = formatEnd
  while (latin1[at] === " " || latin1[at] === "\t" || latin1[at] === "\f") at++
  if (latin1[at] === "\r") at++
  return latin1[at] === "\n" ? at + 1 : at
}

interface InsertHead {
  readonly headEnd: number
  readonly format: string
  readonly dataStart: number
}

/** Finds FORMAT or VALUES of an INSERT; undefined for INSERT … SELECT and others. */
const insertHead = (latin1: string): InsertHead | undefined => {
  let depth = 0
  let selects = false
  let previous: Token | undefined
  let format: Token | undefined
  for (const token of tokens(latin1)) {
    if (previous === undefined && !is(token, "INSERT")) return undefined
    if (format !== undefined) {
      if (token.kind !== "word") return undefined
      return {
        headEnd: format.start,
        format: token.text,
        dataStart: dataStart(latin1, token.end)
      }
    }
    // After INTO, TABLE or a dot any word is a name.
    const free =
      !is(previous, "INTO") && !is(previous, "TABLE") && previous?.text !== "."
    if (depth === 0 && free && previous !== undefined) {
      if (is(token, "FORMAT")) format = token
      else if (is(token, "VALUES") && !selects) {
        return { headEnd: token.start, format: "Values", dataStart: token.end }
      } else if (is(token, "SELECT") || is(token, "WITH")) selects = true
      if (format !== undefined && selects) return refuseDataOfSelect(latin1, token)
    }
    depth += depthChange(token)
    previous = token
  }
  return undefined
}

/**
 * `INSERT … SELECT … FROM input(…) FORMAT x` would carry its data inside the SQL, where the
 * engine runs what follows a blank line; a FORMAT without data is harmless.
 */
const refuseDataOfSelect = (latin1: string, format: Token): undefined => {
  const after = /^FORMAT\s+\w+/i.exec(latin1.slice(format.start))?.[0] ?? ""
  if (
    latin1
      .slice(format.start + after.length)
      .trim()
      .replace(/^;/, "") === ""
  ) {
    return undefined
  }
  throw engineError(48, "NOT_IMPLEMENTED", "INSERT … SELECT with data is not supported")
}

const plain = (sql: string): Statement => {
  let depth = 0
  let first: Token | undefined
  const recent: Array<Token> = []
  let format: string | undefined
  for (const token of tokens(sql)) {
    const hidden = depth === 0 && first !== undefined && is(token, "INSERT")
    if (hidden && (is(first, "WITH") || is(first, "PARALLEL"))) {
      // Its data, if it had any, would stay inside the SQL.
      throw engineError(48, "NOT_IMPLEMENTED", "INSERT must come first")
    }
    first ??= token
    if (depth === 0) {
      if (is(recent.at(-1), "FORMAT") && !is(recent.at(-2), "BY")) {
        format = token.kind === "word" ? token.text : undefined
      }
      recent.push(token)
      if (recent.length > 2) recent.shift()
    }
    depth += depthChange(token)
  }
  if (first === undefined) throw engineError(62, "SYNTAX_ERROR", "Empty query")
  const selects =
    is(first, "SELECT") || is(first, "WITH") || is(first, "FROM") || first.text === "("
  return { kind: "plain", sql, format, selects, kills: is(first, "KILL") }
}

/**
 * Takes a request apart: `query` is the URL's, the body follows it as on a real server.
 * Bytes, because the data after an INSERT may be binary.
 */
export const parseStatement = (
  query: string,
  body: Uint8Array<ArrayBuffer>
): Statement => {
  if (query === "") return parseText(body, [])
  const text = new Uint8Array(Buffer.from(`${query}\n`))
  if (body.length === 0) return parseText(text, [])
  return parseText(text, [body])
}

const parseText = (
  text: Uint8Array<ArrayBuffer>,
  more: ReadonlyArray<Uint8Array<ArrayBuffer>>
): Statement => {
  const start = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  const head = insertHead(start.toString("latin1", 0, Math.min(text.length, HEAD)))
  if (head !== undefined) {
    const inline = text.subarray(head.dataStart)
    return {
      kind: "insert",
      sql: start.toString("utf8", 0, head.headEnd),
      format: head.format,
      data: [inline, ...more].filter((bytes) => bytes.length > 0)
    }
  }
  if (more.length > 0)
    return parseText(new Uint8Array(Buffer.concat([text, ...more])), [])
  if (text.length > MAX_SQL) {
    throw engineError(229, "QUERY_IS_TOO_LARGE", "The statement is too long")
  }
  return plain(start.toString("utf8"))
}
