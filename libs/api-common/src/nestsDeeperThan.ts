const QUOTE = 0x22
const BACKSLASH = 0x5c
const opening = new Set([0x5b, 0x7b])
const closing = new Set([0x5d, 0x7d])

/**
 * Whether arrays and objects of JSON text, in UTF-8, lie more than `limit` deep inside each
 * other. Asked before it is parsed: what nests too deep takes whoever looks at it as a
 * value to the end of the stack.
 */
export const nestsDeeperThan = (json: Uint8Array, limit: number): boolean => {
  let depth = 0
  let isText = false
  for (let index = 0; index < json.length; index++) {
    const byte = json[index] ?? 0
    if (isText) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) isText = false
    } else if (byte === QUOTE) isText = true
    else if (opening.has(byte)) {
      if (++depth > limit) return true
    } else if (closing.has(byte)) depth--
  }
  return false
}
