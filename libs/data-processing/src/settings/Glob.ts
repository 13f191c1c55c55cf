/** A glob made ready: says whether a text is matched. */
export type Glob = (text: string) => boolean

/** Places in one word; bit operations give signed numbers of 32 bits. */
const BITS = 31

/** What one character does to the places of a glob, a word each. */
type Places = ReadonlyArray<number>

/**
 * Makes a glob ready: `*` stands for any run of characters but `/`, `**` for any run.
 *
 * All places of the glob that the text so far may have reached move on together, one bit
 * each. So a text costs its length times a few words, whatever the glob and whoever sends
 * it: going back to try another length of a star may cost the square.
 */
export const globOf = (glob: string): Glob => {
  const { accepted, literals } = read(glob)
  const last = literals.length
  const words = Math.ceil((last + 1) / BITS)
  const none: Places = Array.from({ length: words }, () => 0)
  /** Places whose next literal is the character. */
  const steps = new Map<string, Array<number>>()
  literals.forEach((literal, place) => {
    const places = steps.get(literal) ?? [...none]
    mark(places, place)
    steps.set(literal, places)
  })
  /** Places where a star waits, which stay: of any character, and of any but `/`. */
  const deep = [...none]
  const wide = [...none]
  accepted.forEach((star, place) => {
    if (star === "**") mark(deep, place)
    if (star !== "") mark(wide, place)
  })
  const end = Math.floor(last / BITS)
  const endBit = 1 << (last % BITS)
  const current = new Int32Array(words)
  return (text) => {
    current.fill(0)
    current[0] = 1
    for (let at = 0; at < text.length; at++) {
      const character = text.charAt(at)
      const step = steps.get(character) ?? none
      const stay = character === "/" ? deep : wide
      let carry = 0
      let alive = 0
      for (let word = 0; word < words; word++) {
        const before = current[word] ?? 0
        const moved = before & (step[word] ?? 0)
        const now = ((moved << 1) & MASK) | carry | (before & (stay[word] ?? 0))
        carry = moved >>> (BITS - 1)
        current[word] = now
        alive |= now
      }
      if (alive === 0) return false
    }
    return ((current[end] ?? 0) & endBit) !== 0
  }
}

const MASK = 0x7fffffff

const mark = (places: Array<number>, place: number): void => {
  const word = Math.floor(place / BITS)
  places[word] = (places[word] ?? 0) | (1 << (place % BITS))
}

/** The literals of a glob, and which star stands before each and at the end. */
const read = (glob: string) => {
  const literals: Array<string> = []
  const accepted: Array<"" | "*" | "**"> = [""]
  for (let at = 0; at < glob.length; at++)
    if (glob.charAt(at) !== "*") {
      literals.push(glob.charAt(at))
      accepted.push("")
    } else {
      const isDeep = glob.charAt(at + 1) === "*"
      if (isDeep) at++
      // Stars in a row are one: the deeper of them.
      if (accepted.at(-1) !== "**") accepted[accepted.length - 1] = isDeep ? "**" : "*"
    }
  return { accepted, literals }
}
