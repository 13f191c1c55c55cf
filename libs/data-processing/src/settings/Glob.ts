const STAR = "*"

/**
 * Whether `text` is matched by `glob`: `*` stands for any run of characters but `/`, `**`
 * for any run. Walks back to the last star of each kind only, so that no pattern takes
 * longer than the product of both lengths squared, whatever a client sends.
 */
export const globMatches = (glob: string, text: string): boolean => {
  let at = 0
  let place = 0
  let single: { at: number; place: number } | undefined
  let deep: { at: number; place: number } | undefined
  while (at < text.length) {
    if (glob[place] === STAR) {
      if (glob[place + 1] === STAR) {
        place += 2
        if (place >= glob.length) return true
        deep = { at, place }
        single = undefined
      } else {
        place++
        single = { at, place }
      }
    } else if (glob[place] === text[at]) {
      at++
      place++
    } else if (single !== undefined && text[single.at] !== "/") {
      at = ++single.at
      place = single.place
    } else if (deep !== undefined) {
      at = ++deep.at
      place = deep.place
      single = undefined
    } else return false
  }
  while (glob[place] === STAR) place++
  return place >= glob.length
}
