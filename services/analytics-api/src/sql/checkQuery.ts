import { isAllowedFunction } from "./allowedFunctions.ts"
import { isAllowedType } from "./allowedTypes.ts"
import { grownSize, MOST_NODES } from "./grownSize.ts"
import type { Node } from "./syntaxTree.ts"
import { isName, subqueryNames, type Token } from "./writtenText.ts"

/** What there is to read from. */
export const views = ["events", "people", "sessions"] as const

/** Why a query is refused, and where: `/query`, or one of `/params`. */
export interface Refusal {
  readonly pointer: string
  readonly detail: string
}

export interface Parsed {
  readonly tokens: ReadonlyArray<Token>
  /** Without it only the words are judged. */
  readonly tree: Node | undefined
  /** Names of the parameters that came with it. */
  readonly params: ReadonlyArray<string>
  /** Tables of the store, whose names no subquery may have. */
  readonly tables: ReadonlySet<string>
}

const inQuery = (detail: string): Refusal => ({ pointer: "/query", detail })

/**
 * The first thing in a query that is not allowed. Everything is refused that is not
 * known to be harmless: words, kinds of nodes, tables, functions, types, names.
 */
export const refusalOf = ({
  params,
  tables,
  tokens,
  tree
}: Parsed): Refusal | undefined => {
  const named = subqueryNames(tokens)
  const taken = named.find(
    (name) => views.some((view) => view === name) || tables.has(name)
  )
  if (taken !== undefined)
    return inQuery(`"${taken}" is taken; give the subquery another name`)
  const sources = new Set<string>([...views, ...named])
  return (
    firstOf(tokens, refusedToken) ??
    refusedCalls(tokens) ??
    refusedSets(tokens) ??
    refusedParams(tokens, params) ??
    (tree &&
      (refusedShape(tree, tokens) ??
        refusedSize(tree, tokens) ??
        refusedNode(tree, sources)))
  )
}

const firstOf = <A>(
  items: ReadonlyArray<A>,
  refuse: (item: A) => Refusal | undefined
): Refusal | undefined => {
  for (const item of items) {
    const refusal = refuse(item)
    if (refusal) return refusal
  }
  return undefined
}

/** Keywords are written in capitals by the formatter; a name in capitals can be quoted. */
const refusedWords = new Set(
  "PREWHERE SETTINGS FORMAT INTO OUTFILE INFILE RECURSIVE MATERIALIZED SAMPLE FINAL APPLY".split(
    " "
  )
)

/** In names: nothing that could be mistaken for structure. */
const plainName = /^[\p{L}\p{N} .$%:/+#-][\p{L}\p{N}_ .$%:/+#-]*$/u

const refusedToken = (token: Token): Refusal | undefined => {
  if (token.kind === "word" && refusedWords.has(token.text))
    return inQuery(`${token.text} is not allowed`)
  if (isName(token) && /^(?:system|information_schema)(?:\.|$)/iu.test(token.text))
    return inQuery("Tables of the system are not there")
  if (token.kind === "word" && token.text.startsWith("_"))
    return inQuery(`"${token.text}": names that begin with an underscore are reserved`)
  if (token.kind === "name" && !plainName.test(token.text))
    return inQuery("A quoted name has letters, digits, blanks and _ . $ % : / + # -")
  if (token.kind !== "param") return undefined
  if (token.text.startsWith("_"))
    return inQuery(`"${token.text}": names that begin with an underscore are reserved`)
  return isAllowedType(token.type)
    ? undefined
    : inQuery(`{${token.text}}: the type of a parameter is one of data, like String`)
}

/** What may stand before a bracket and is no function. */
const beforeBracket = new Set(
  `SELECT DISTINCT WITH AS FROM JOIN ON USING WHERE HAVING QUALIFY BY AND OR NOT IN OVER
  EXCEPT INTERSECT UNION ALL SETS ROLLUP CUBE LIMIT OFFSET INTERPOLATE FILL TO STEP BETWEEN
  ROWS RANGE LIKE ILIKE IS`.split(/\s+/u)
)

/**
 * Functions once more, by the words alone: the tree does not show all of what is called
 * in a window or a list of columns.
 */
const refusedCalls = (tokens: ReadonlyArray<Token>): Refusal | undefined => {
  const called = tokens.filter(
    (token, index) =>
      isName(token) &&
      tokens[index + 1]?.kind === "symbol" &&
      tokens[index + 1]?.text === "("
  )
  return firstOf(called, ({ kind, text }) =>
    (kind === "word" && beforeBracket.has(text)) || isAllowedFunction(text)
      ? undefined
      : inQuery(`The function ${text} is not allowed`)
  )
}

/** `IN name` reads a table of that name, wherever it stands. */
const refusedSets = (tokens: ReadonlyArray<Token>): Refusal | undefined => {
  const read = tokens.some((token, index) => {
    if (token.kind !== "word" || token.text !== "IN") return false
    let next = index + 1
    while (tokens[next]?.kind === "symbol" && tokens[next]?.text === "(") next++
    const isAlone = tokens[next + 1]?.text !== "(" && tokens[next + 1]?.text !== ","
    const first = tokens[next]
    return isName(first) && isAlone && !constants.has(first.text)
  })
  return read ? inQuery(VALUES_AFTER_IN) : undefined
}

const VALUES_AFTER_IN = "After IN comes a list of values or a SELECT in parentheses"
const constants = new Set(["SELECT", "WITH", "NULL", "true", "false"])

const refusedParams = (
  tokens: ReadonlyArray<Token>,
  given: ReadonlyArray<string>
): Refusal | undefined => {
  const asked = new Set(
    tokens.flatMap((token) => (token.kind === "param" ? [token.text] : []))
  )
  const missing = [...asked].find((name) => !given.includes(name))
  if (missing !== undefined)
    return { pointer: `/params/${missing}`, detail: "The query asks for this value" }
  const unused = given.find((name) => !asked.has(name))
  return unused === undefined
    ? undefined
    : { pointer: `/params/${unused}`, detail: "The query has no such parameter" }
}

/** A SELECT that is written and not shown could read anything. */
const refusedShape = (
  tree: Node,
  tokens: ReadonlyArray<Token>
): Refusal | undefined => {
  const written = tokens.filter(
    ({ kind, text }) => kind === "word" && text === "SELECT"
  )
  return written.length === countOf("SelectQuery", tree)
    ? undefined
    : inQuery("A SELECT stands where none may be")
}

const refusedSize = (tree: Node, tokens: ReadonlyArray<Token>): Refusal | undefined =>
  tokens.some(({ kind, text }) => kind === "word" && text === "WITH") &&
  grownSize(tree) > MOST_NODES
    ? inQuery("WITH before a union is copied into its SELECTs, which are too many")
    : undefined

const countOf = (type: string, node: Node): number =>
  node.children.reduce(
    (count, child) => count + countOf(type, child),
    node.type === type ? 1 : 0
  )

const allowedNodes = new Set(
  `SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList WithElement
  Subquery Identifier Function Literal TablesInSelectQuery TablesInSelectQueryElement
  TableExpression TableIdentifier TableJoin ArrayJoin Asterisk QualifiedAsterisk
  ColumnsTransformerList ColumnsExceptTransformer OrderByElement InterpolateElement
  WindowDefinition WindowListElement`.split(/\s+/u)
)

const membership = new Set(["in", "notin", "globalin", "globalnotin"])
const valuesOf = new Set(["tuple", "array", "_cast", "cast"])
/** Whose last argument is the name of a type. */
const typed = new Set(["cast", "_cast", "jsonextract", "jsonextractkeysandvalues"])

const refusedNode = (node: Node, sources: ReadonlySet<string>): Refusal | undefined => {
  const own = refusedAlone(node, sources)
  return own ?? firstOf(node.children, (child) => refusedNode(child, sources))
}

const refusedAlone = (
  { children, text, type }: Node,
  sources: ReadonlySet<string>
): Refusal | undefined => {
  if (!allowedNodes.has(type)) return inQuery(`${describe(type)} is not allowed`)
  switch (type) {
    case "SelectWithUnionQuery":
      return children.length === 1 && children[0]?.type === "ExpressionList"
        ? undefined
        : inQuery("Only a SELECT without SETTINGS, FORMAT and INTO is allowed")
    case "TableIdentifier":
      return sources.has(text)
        ? undefined
        : inQuery(`There is no table "${text}"; there are ${views.join(", ")}`)
    case "TableExpression":
      return children.length === 1 &&
        (children[0]?.type === "TableIdentifier" || children[0]?.type === "Subquery")
        ? undefined
        : inQuery("Table functions are not allowed")
    case "Identifier":
      return text.split(".").some((part) => part.startsWith("_"))
        ? inQuery(`"${text}": names that begin with an underscore are reserved`)
        : undefined
    case "Function":
      return refusedCall(text, children)
    default:
      return undefined
  }
}

const refusedCall = (
  name: string,
  children: ReadonlyArray<Node>
): Refusal | undefined => {
  if (!isAllowedFunction(name)) return inQuery(`The function ${name} is not allowed`)
  const known = name.toLowerCase()
  const last = children[0]?.children.at(-1)
  if (membership.has(known) && !isSetOfValues(last)) return inQuery(VALUES_AFTER_IN)
  if (typed.has(known) && !isTypeName(last))
    return inQuery(`The type in ${name} is written out, and is one of data`)
  return undefined
}

const isSetOfValues = (node: Node | undefined): boolean =>
  node?.type === "Literal" ||
  node?.type === "Subquery" ||
  (node?.type === "Function" && valuesOf.has(node.text.toLowerCase()))

const isTypeName = (node: Node | undefined): boolean =>
  node?.type === "Literal" &&
  /^'.*'$/su.test(node.text) &&
  isAllowedType(node.text.slice(1, -1).replaceAll("\\'", "'"))

const describe = (type: string): string =>
  ({
    Set: "SETTINGS",
    ColumnsRegexpMatcher: "COLUMNS",
    ColumnsListMatcher: "COLUMNS",
    QualifiedColumnsRegexpMatcher: "COLUMNS",
    ColumnsApplyTransformer: "APPLY",
    ColumnsReplaceTransformer: "REPLACE in a list of columns",
    SampleRatio: "SAMPLE",
    Explain: "EXPLAIN"
  })[type] ?? `This (${type})`
