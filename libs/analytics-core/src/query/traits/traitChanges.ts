import { type Sql, sql, string } from "../Sql.ts"

/** How an event changes a trait, in the order in which one event's changes count. */
export const END = 0
export const SET = 1
export const SET_ONCE = 2
export const ADD = 3
export const PREPEND = 4
export const APPEND = 5
export const UNION = 6
export const REMOVE = 7

export type ChangeKind =
  | typeof END
  | typeof SET
  | typeof SET_ONCE
  | typeof ADD
  | typeof PREPEND
  | typeof APPEND
  | typeof UNION
  | typeof REMOVE

export const CLEAR = "$clear"
export const UNSET = "$unset"

/** Names among traits that are no traits: the traits under them change so. */
export const changeNames: ReadonlyArray<readonly [name: string, kind: ChangeKind]> = [
  [CLEAR, END],
  [UNSET, END],
  ["$set_once", SET_ONCE],
  ["$add", ADD],
  ["$prepend", PREPEND],
  ["$append", APPEND],
  ["$union", UNION],
  ["$remove", REMOVE]
]

/** Whether the first name of a trait's path is reserved, so that nobody has such a trait. */
export const isReserved = (path: string): boolean => {
  const [first] = prefixesOf(path)
  return changeNames.some(([name]) => name === first)
}

/** `a.b.c` → `a`, `a.b`, `a.b.c`. A dot behind a backslash parts nothing. */
export const prefixesOf = (path: string): ReadonlyArray<string> => {
  const prefixes: Array<string> = []
  for (let at = 0; at < path.length; at++) {
    if (path[at] === "\\") at++
    else if (path[at] === ".") prefixes.push(path.slice(0, at))
  }
  return [...prefixes, path]
}

/** Whether a map of traits holds any change that is not a plain value. */
export const hasChangeSql = (props: Sql): Sql =>
  sql`arrayExists(name -> startsWith(name, '$') AND has(${reserved}, splitByChar('.', name)[1]), mapKeys(${props}))`

const reserved: Sql = {
  strings: [`[${changeNames.map(([name]) => `'${name}'`).join(", ")}]`],
  params: []
}

/** Whether a JSON text is a number. */
export const isNumber = (json: Sql): Sql => sql`match(${json}, '^-?[0-9]')`

/**
 * What one event does to the trait at `path`, as an array of (kind, JSON text) in which
 * `''` is nothing.
 */
export const changesOf = (
  path: string
): ReadonlyArray<readonly [kind: ChangeKind, text: Sql]> => {
  if (isReserved(path)) return []
  const at = (name: string) => sql`props[${string(name)}]`
  const endings = [CLEAR, ...prefixesOf(path).map((prefix) => `${UNSET}.${prefix}`)]
  return [
    [END, sql`if('true' IN (${list(endings.map(at))}), 'true', '')`],
    [SET, at(path)],
    ...changeNames.flatMap(([name, kind]) =>
      kind === END ? [] : [[kind, guarded(kind, at(`${name}.${path}`))] as const]
    )
  ]
}

const guarded = (kind: ChangeKind, text: Sql): Sql =>
  kind === ADD ? sql`if(${isNumber(text)}, ${text}, '')` : text

const list = (parts: ReadonlyArray<Sql>): Sql =>
  parts.reduce((all, part) => sql`${all}, ${part}`)
