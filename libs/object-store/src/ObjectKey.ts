const SEGMENT = /^[A-Za-z0-9_=][A-Za-z0-9._=-]{0,199}$/u
const LONGEST = 900

/**
 * Whether a text may name an object, the same in a folder and in a bucket: parts of
 * letters, digits, `.`, `_`, `=` and `-` that begin with neither dot nor dash, with `/`
 * between them. No such text leads out of a folder.
 */
export const isObjectKey = (key: string): boolean =>
  key.length <= LONGEST && key.split("/").every((part) => SEGMENT.test(part))

/** Whether a text may be the beginning of keys: the last part may be cut, or missing. */
export const isKeyPrefix = (prefix: string): boolean =>
  prefix === "" || isObjectKey(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix)

/** A key of our own that names no object is a fault in the program. */
export const keyOf = (key: string): string => {
  if (isObjectKey(key)) return key
  throw new RangeError(`not the key of an object: ${JSON.stringify(key)}`)
}

/** The same of a prefix. */
export const prefixOf = (prefix: string): string => {
  if (isKeyPrefix(prefix)) return prefix
  throw new RangeError(`not a prefix of keys: ${JSON.stringify(prefix)}`)
}
