/** A JSON text, and the texts of its elements if it is a list. */
export interface Leaf {
  readonly text: string
  readonly elements?: ReadonlyArray<string>
}

export interface TraitEvent {
  readonly at: number
  readonly messageId: string
  /** By path, as they are stored. */
  readonly leaves: Readonly<Record<string, Leaf>>
}

export interface FoldedTrait {
  readonly text: string
  readonly at: number
  readonly messageId: string
}

type State =
  | { readonly is: "whole"; readonly value: bigint }
  | { readonly is: "double"; readonly value: number }
  | { readonly is: "list"; readonly elements: ReadonlyArray<string> }
  | { readonly is: "other"; readonly text: string }

const reserved = [
  "$clear",
  "$unset",
  "$set_once",
  "$add",
  "$prepend",
  "$append",
  "$union",
  "$remove"
]

/** The law of traits, one change after the other. */
export const foldTraits = (
  events: ReadonlyArray<TraitEvent>
): Readonly<Record<string, FoldedTrait>> => {
  const ordered = events.toSorted(
    (one, other) =>
      one.at - other.at ||
      Buffer.compare(Buffer.from(one.messageId), Buffer.from(other.messageId))
  )
  const paths = new Set(
    events.flatMap(({ leaves }) => Object.keys(leaves).flatMap(traitOf))
  )
  return Object.fromEntries(
    [...paths].flatMap((path) => {
      const trait = foldOne(path, ordered)
      return trait ? [[path, trait]] : []
    })
  )
}

const traitOf = (name: string): ReadonlyArray<string> => {
  const [head = "", ...rest] = name.split(".")
  if (!reserved.includes(head)) return [name]
  return rest.length > 0 &&
    head !== "$unset" &&
    head !== "$clear" &&
    !reserved.includes(rest[0] ?? "")
    ? [rest.join(".")]
    : []
}

const foldOne = (
  path: string,
  events: ReadonlyArray<TraitEvent>
): FoldedTrait | undefined => {
  let state: State | undefined
  let last: TraitEvent | undefined
  for (const event of events) {
    const { leaves } = event
    const put = (next: State | undefined) => {
      state = next
      last = event
    }
    if (leaves["$clear"]?.text === "true") put(undefined)
    for (const [name, { text }] of Object.entries(leaves))
      if (name.startsWith("$unset.") && text === "true") {
        const ended = name.slice("$unset.".length)
        if (path === ended || path.startsWith(`${ended}.`)) put(undefined)
      }
    const set = leaves[path]
    if (set) put(stateOf(set))
    const once = leaves[`$set_once.${path}`]
    if (once && state === undefined) put(stateOf(once))
    const added = leaves[`$add.${path}`]
    if (added && isNumber(added.text)) put(sumOf(state, stateOf(added)))
    const inFront = leaves[`$prepend.${path}`]
    if (inFront) put(listOf([...elementsOf(inFront), ...itemsOf(state)]))
    const behind = leaves[`$append.${path}`]
    if (behind) put(listOf([...itemsOf(state), ...elementsOf(behind)]))
    const united = leaves[`$union.${path}`]
    if (united) put(listOf(unionOf(itemsOf(state), elementsOf(united))))
    const removed = leaves[`$remove.${path}`]
    if (removed && state !== undefined) {
      const gone = new Set(elementsOf(removed))
      put(listOf(itemsOf(state).filter((item) => !gone.has(item))))
    }
  }
  const text = state === undefined ? "null" : textOf(state)
  return text === "null" || last === undefined
    ? undefined
    : { text, at: last.at, messageId: last.messageId }
}

const isNumber = (text: string) => /^-?\d/u.test(text)
const elementsOf = ({ elements, text }: Leaf) => elements ?? [text]

const listOf = (elements: ReadonlyArray<string>): State => ({ is: "list", elements })

const itemsOf = (state: State | undefined): ReadonlyArray<string> => {
  if (state === undefined) return []
  return state.is === "list" ? state.elements : [textOf(state)]
}

const unionOf = (items: ReadonlyArray<string>, more: ReadonlyArray<string>) => {
  const all = [...items]
  for (const item of more) if (!all.includes(item)) all.push(item)
  return all
}

const stateOf = ({ elements, text }: Leaf): State => {
  if (elements) return listOf(elements)
  if (!isNumber(text)) return { is: "other", text }
  return /^-?\d+$/u.test(text) && isExact(BigInt(text))
    ? { is: "whole", value: BigInt(text) }
    : { is: "double", value: Number(text) }
}

const isExact = (value: bigint) =>
  value >= -9_223_372_036_854_775_808n && value <= 18_446_744_073_709_551_615n

const sumOf = (state: State | undefined, added: State): State => {
  if (added.is !== "whole" && added.is !== "double") throw new Error("not a number")
  if (state?.is !== "whole" && state?.is !== "double") return added
  if (state.is === "whole" && added.is === "whole") {
    const value = state.value + added.value
    if (isExact(value)) return { is: "whole", value }
  }
  return { is: "double", value: Number(state.value) + Number(added.value) }
}

const textOf = (state: State): string => {
  switch (state.is) {
    case "whole":
      return state.value.toString()
    case "double":
      return JSON.stringify(state.value)
    case "list":
      return `[${state.elements.join(",")}]`
    default:
      return state.text
  }
}
