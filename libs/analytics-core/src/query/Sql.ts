/** What a ClickHouse parameter may be typed as; nothing a client sends chooses one. */
type ParamType =
  | "String"
  | "Array(String)"
  | "Float64"
  | "Array(Float64)"
  | "Int64"
  | "Array(Int64)"
  | "UInt32"
  | "Array(UInt32)"
  | "UInt64"
  | "DateTime64(3, 'UTC')"

export type ParamValue = string | number | bigint | ReadonlyArray<string | number>

/** A value on its way into SQL. It never becomes text: the store receives it apart. */
export interface Param {
  readonly type: ParamType
  readonly value: ParamValue
}

/** SQL with holes: `strings` has one more element than `params`. */
export interface Sql {
  readonly strings: ReadonlyArray<string>
  readonly params: ReadonlyArray<Param>
}

/** The text for the store, and its parameters by name (`p0`, `p1` …). */
export interface Rendered {
  readonly sql: string
  readonly params: { readonly [name: string]: ParamValue }
}

/**
 * Builds SQL: literal text is trusted because it stands in our source, everything else
 * must be a parameter or another fragment.
 */
export const sql = (
  strings: TemplateStringsArray,
  ...parts: ReadonlyArray<Sql | Param>
): Sql => {
  const texts = [strings[0] ?? ""]
  const params: Array<Param> = []
  parts.forEach((part, index) => {
    if ("type" in part) {
      params.push(part)
      texts.push("")
    } else append(texts, params, part)
    texts.push((texts.pop() ?? "") + (strings[index + 1] ?? ""))
  })
  return { strings: texts, params }
}

const append = (texts: Array<string>, params: Array<Param>, part: Sql) => {
  texts.push((texts.pop() ?? "") + (part.strings[0] ?? ""))
  texts.push(...part.strings.slice(1))
  params.push(...part.params)
}

type Separator = ", " | " AND " | " OR " | " UNION ALL " | " "

export const join = (parts: ReadonlyArray<Sql>, separator: Separator): Sql => {
  const texts = [""]
  const params: Array<Param> = []
  parts.forEach((part, index) => {
    if (index > 0) texts.push((texts.pop() ?? "") + separator)
    append(texts, params, part)
  })
  return { strings: texts, params }
}

/** All hold; true when there are none. */
export const and = (parts: ReadonlyArray<Sql>): Sql =>
  parts.length === 0 ? sql`1` : sql`(${join(parts, " AND ")})`

/** At least one holds; false when there are none. */
export const or = (parts: ReadonlyArray<Sql>): Sql =>
  parts.length === 0 ? sql`0` : sql`(${join(parts, " OR ")})`

/** The nth column of a family that a compiler makes itself: `v0`, `b2`, `step3`. */
export const column = (
  family: "v" | "b" | "u" | "g" | "m" | "s" | "f" | "step" | "group" | "value",
  index: number
): Sql => {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError("column index")
  return { strings: [`${family}${index}`], params: [] }
}

/** A small whole number that our own code computed, written as a literal. */
export const integer = (value: number): Sql => {
  if (!Number.isSafeInteger(value)) throw new RangeError("not a whole number")
  return { strings: [String(value)], params: [] }
}

/** Half a surrogate pair becomes U+FFFD, as it did when events were stored. */
export const string = (value: string): Param => ({
  type: "String",
  value: value.toWellFormed()
})
export const strings = (value: ReadonlyArray<string>): Param => ({
  type: "Array(String)",
  value: value.map((item) => item.toWellFormed())
})
export const float = (value: number): Param => ({ type: "Float64", value })
export const floats = (value: ReadonlyArray<number>): Param => ({
  type: "Array(Float64)",
  value
})
export const int64 = (value: number): Param => ({ type: "Int64", value })
export const int64s = (value: ReadonlyArray<number>): Param => ({
  type: "Array(Int64)",
  value
})
export const uint32 = (value: number): Param => ({ type: "UInt32", value })
export const uint32s = (value: ReadonlyArray<number>): Param => ({
  type: "Array(UInt32)",
  value
})
export const uint64 = (value: bigint): Param => ({ type: "UInt64", value })

/** The store's first and last instants. Events happen between 1970 and tomorrow. */
export const EARLIEST = Date.UTC(1900, 0, 1)
export const LATEST = Date.UTC(2300, 0, 1) - 1

/** An instant in epoch milliseconds; beyond what the store can say it is its first or last. */
export const instant = (ms: number): Param => ({
  type: "DateTime64(3, 'UTC')",
  value: new Date(Math.min(Math.max(ms, EARLIEST), LATEST))
    .toISOString()
    .replace("T", " ")
    .replace("Z", "")
})

/** Gives every value a name, equal values the same one. */
export const render = (fragment: Sql): Rendered => {
  const names = new Map<string, string>()
  const params: Record<string, ParamValue> = {}
  let text = fragment.strings[0] ?? ""
  fragment.params.forEach((param, index) => {
    const key = `${param.type} ${JSON.stringify(param.value, bigintAsText)}`
    let name = names.get(key)
    if (name === undefined) {
      name = `p${names.size}`
      names.set(key, name)
      params[name] = param.value
    }
    text += `{${name}:${param.type}}${fragment.strings[index + 1] ?? ""}`
  })
  return { sql: text, params }
}

const bigintAsText = (_: string, value: unknown) =>
  typeof value === "bigint" ? value.toString() : value
