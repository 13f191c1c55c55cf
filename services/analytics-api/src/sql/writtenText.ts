/**
 * Reads SQL as the engine's own formatter writes it: no comments, no heredocs, strings in
 * single and odd names in double quotes or backticks, both with backslashes.
 */

export type Token =
  | { readonly kind: "word" | "symbol" | "string" | "number"; readonly text: string }
  /** A name in quotes, without them. */
  | { readonly kind: "name"; readonly text: string }
  /** `{name:Type}` */
  | { readonly kind: "param"; readonly text: string; readonly type: string }

const pattern =
  /\s+|(?<string>'(?:[^'\\]|\\.|'')*')|(?<name>`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*")|\{(?<param>[A-Za-z_]\w*): ?(?<type>[^{}]*)\}|(?<word>[A-Za-z_]\w*)|(?<number>\d[\w.]*)|(?<symbol>::|->|<=>|<=|>=|!=|<>|\|\||[-+*/%=<>(),.[\]?:])/suy

/** Undefined where the text is nothing that the formatter writes. */
export const tokensOf = (sql: string): ReadonlyArray<Token> | undefined => {
  const tokens: Array<Token> = []
  const matcher = new RegExp(pattern)
  while (matcher.lastIndex < sql.length) {
    const groups = matcher.exec(sql)?.groups
    if (!groups) return undefined
    const { string, name, param, type, word, number, symbol } = groups
    if (string !== undefined) tokens.push({ kind: "string", text: string })
    else if (name !== undefined) tokens.push({ kind: "name", text: name.slice(1, -1) })
    else if (param !== undefined)
      tokens.push({ kind: "param", text: param, type: type ?? "" })
    else if (word !== undefined) tokens.push({ kind: "word", text: word })
    else if (number !== undefined) tokens.push({ kind: "number", text: number })
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol })
  }
  return tokens
}

export const isName = (token: Token | undefined): token is Token =>
  token?.kind === "word" || token?.kind === "name"

const isWord = (token: Token | undefined, ...texts: ReadonlyArray<string>): boolean =>
  token?.kind === "word" && texts.includes(token.text)

/** The names of `WITH name AS (SELECT …)`, wherever they are. */
export const subqueryNames = (tokens: ReadonlyArray<Token>): ReadonlyArray<string> =>
  tokens.flatMap((token, index) => {
    if (!isName(token) || !isWord(tokens[index + 1], "AS")) return []
    if (tokens[index + 2]?.text !== "(") return []
    let next = index + 3
    while (tokens[next]?.kind === "symbol" && tokens[next]?.text === "(") next++
    return isWord(tokens[next], "SELECT", "WITH") ? [token.text] : []
  })

/** Whether every bracket is closed, and none before it was opened. */
export const isBalanced = (tokens: ReadonlyArray<Token>): boolean => {
  const open: Array<string> = []
  for (const { kind, text } of tokens) {
    if (kind !== "symbol") continue
    if (text === "(" || text === "[") open.push(text)
    else if (text === ")" && open.pop() !== "(") return false
    else if (text === "]" && open.pop() !== "[") return false
  }
  return open.length === 0
}
