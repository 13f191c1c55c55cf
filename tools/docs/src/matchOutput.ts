const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Columns are as wide as what is in them, so widths do not count. */
const lines = (text: string) =>
  text.split("\n").map((line) => line.trimEnd().replace(/([ ─])\1+/g, "$1"))

/**
 * Whether an output is what a page shows. `…` stands for anything in its line, and a line of
 * `…` alone for any lines, or none. How wide blanks and rules of tables are does not count.
 */
export const matchesOutput = (shown: string, real: string): boolean => {
  const pattern = lines(shown.trim())
    .map((line) =>
      line.trim() === "…" ? "(?:.*\\n)*?" : `${literal(line).replaceAll("…", ".*")}\\n`
    )
    .join("")
  return new RegExp(`^${pattern}$`).test(`${lines(real.trim()).join("\n")}\n`)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Where an answer differs from what a page shows, as a JSON pointer; undefined: nowhere.
 * `"…"` stands for any value, and as the last of an array for any more of them. In texts it
 * stands for anything. Objects may have fields that are not shown, numbers more
 * digits behind the point, if one is shown.
 */
export const answerDifference = (
  shown: unknown,
  real: unknown,
  pointer = ""
): string | undefined => {
  if (shown === "…") return undefined
  if (typeof shown === "string" && typeof real === "string")
    return matchesOutput(shown, real) ? undefined : differs(pointer, shown, real)
  if (Array.isArray(shown)) {
    if (!Array.isArray(real)) return differs(pointer, shown, real)
    const open = shown.at(-1) === "…"
    const items: ReadonlyArray<unknown> = open ? shown.slice(0, -1) : shown
    if (open ? real.length < items.length : real.length !== items.length)
      return `${pointer}: ${real.length} items, shown ${items.length}`
    return first(items, (item, at) =>
      answerDifference(item, real[at], `${pointer}/${at}`)
    )
  }
  if (isObject(shown)) {
    if (!isObject(real)) return differs(pointer, shown, real)
    return first(Object.entries(shown), ([key, value]) =>
      answerDifference(value, real[key], `${pointer}/${key}`)
    )
  }
  const same =
    typeof shown === "number" && typeof real === "number"
      ? isRounded(shown, real)
      : Object.is(shown, real)
  return same ? undefined : differs(pointer, shown, real)
}

/** Sums of fractions depend on their order, so only the digits that are shown count. */
const isRounded = (shown: number, real: number) => {
  const [, digits = ""] = String(shown).split(".")
  return digits === "" ? shown === real : Number(real.toFixed(digits.length)) === shown
}

const differs = (pointer: string, shown: unknown, real: unknown) =>
  `${pointer}: ${JSON.stringify(real)}, shown ${JSON.stringify(shown)}`

const first = <Item>(
  items: ReadonlyArray<Item>,
  judge: (item: Item, at: number) => string | undefined
): string | undefined => {
  for (const [at, item] of items.entries()) {
    const found = judge(item, at)
    if (found !== undefined) return found
  }
  return undefined
}
