/** Where the two dialects disagree: what a backslash means in a string. */
export type Dialect = "postgres" | "clickhouse"

const shared = {
  space: /\s+/y,
  lineComment: /--[^\n]*/y,
  // A heredoc in ClickHouse, a dollar-quoted string in Postgres.
  dollarQuoted: /\$([A-Za-z_][A-Za-z0-9_]*)?\$[\s\S]*?\$\1\$/y,
  quotedName: /"(?:[^"]|"")*"/y,
  // Whole words, so that the `$` in `a$b$c` opens nothing.
  word: /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y
}

const strings = {
  postgres: [/[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y, /'(?:[^']|'')*'/y],
  clickhouse: [/'(?:[^'\\]|\\[\s\S]|'')*'/y, /`(?:[^`\\]|\\[\s\S]|``)*`/y]
}

/**
 * Cuts a script at the semicolons that end statements: not at those in strings, names,
 * comments and dollar quotes. Pieces of nothing but comments are left out. An unterminated
 * quote or comment throws a `SyntaxError`.
 */
export const split = (script: string, dialect: Dialect): ReadonlyArray<string> => {
  const statements: Array<string> = []
  let start = 0
  let meaningful = false
  const finish = (end: number) => {
    if (meaningful) statements.push(script.slice(start, end).trim())
    start = end + 1
    meaningful = false
  }
  let at = 0
  while (at < script.length) {
    if (script[at] === ";") {
      finish(at)
      at += 1
      continue
    }
    const blank = endOf(shared.space, script, at) ?? endOfComment(script, at, dialect)
    meaningful ||= blank === undefined
    at = blank ?? endOfToken(script, at, dialect)
  }
  finish(script.length)
  return statements
}

function endOfToken(script: string, at: number, dialect: Dialect): number {
  const { dollarQuoted, quotedName, word } = shared
  for (const pattern of [...strings[dialect], quotedName, word, dollarQuoted]) {
    const end = endOf(pattern, script, at)
    if (end !== undefined) return end
  }
  if (/['"`]/.test(script[at] ?? "")) throw unterminated(script, at)
  return at + 1
}

/** Block comments nest in Postgres and do not in ClickHouse. */
function endOfComment(
  script: string,
  at: number,
  dialect: Dialect
): number | undefined {
  if (!script.startsWith("/*", at)) return endOf(shared.lineComment, script, at)
  const edge = /\/\*|\*\//g
  edge.lastIndex = at + 2
  for (let depth = 1; ; ) {
    const found = edge.exec(script)
    if (found === null) throw unterminated(script, at)
    if (found[0] === "*/") depth -= 1
    else if (dialect === "postgres") depth += 1
    if (depth === 0) return edge.lastIndex
  }
}

function endOf(pattern: RegExp, script: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(script) ? pattern.lastIndex : undefined
}

function unterminated(script: string, at: number): SyntaxError {
  const line = script.slice(0, at).split("\n").length
  return new SyntaxError(
    `unterminated ${script.slice(at, at + 2).trim()} in line ${line}`
  )
}
