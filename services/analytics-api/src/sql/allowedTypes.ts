const plain =
  "String|Bool|Nothing|UUID|U?Int(?:8|16|32|64|128|256)|Float(?:32|64)|Date|Date32|DateTime|IPv4|IPv6"
const withArguments =
  "FixedString\\(\\d{1,4}\\)|Decimal(?:32|64|128)?\\(\\d{1,2}(?:, ?\\d{1,2})?\\)|DateTime\\('[\\w/+-]{1,40}'\\)|DateTime64\\(\\d(?:, ?'[\\w/+-]{1,40}')?\\)"
const simple = new RegExp(`^(?:${plain}|${withArguments})$`, "u")
const nested = /^(?:Array|Nullable|LowCardinality|Tuple|Map)\((.*)\)$/su

/** Arguments of a type, split at the commas that are not inside another. */
const argumentsOf = (text: string): ReadonlyArray<string> => {
  const parts = [""]
  let depth = 0
  for (const character of text) {
    if (character === "(") depth++
    if (character === ")") depth--
    if (character === "," && depth === 0) parts.push("")
    else parts.push((parts.pop() ?? "") + character)
  }
  return parts.map((part) => part.trim())
}

/** A type whose values are nothing but data; none that holds a state, and none dynamic. */
export const isAllowedType = (type: string, depth = 0): boolean => {
  if (depth > 5 || type.length > 500) return false
  if (simple.test(type)) return true
  const inner = nested.exec(type)?.[1]
  if (inner === undefined) return false
  const isTuple = type.startsWith("Tuple")
  return argumentsOf(inner).every((part) =>
    isAllowedType(isTuple ? part.replace(/^[A-Za-z]\w* /u, "") : part, depth + 1)
  )
}
