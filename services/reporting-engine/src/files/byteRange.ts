/** The first and the last byte of a part. */
export interface Part {
  readonly first: number
  readonly last: number
}

/**
 * What `Range` asks of a file of so many bytes (RFC 9110): one part; `undefined`: all of
 * it, as also where several parts or something unknown are asked for; `null`: it has none
 * of them.
 */
export const byteRange = (
  header: string | undefined,
  size: number
): Part | null | undefined => {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/u.exec(header?.trim() ?? "") ?? []
  if (from === undefined || to === undefined || (from === "" && to === ""))
    return undefined
  if (from === "") {
    const length = Math.min(Number(to), size)
    return length === 0 ? null : { first: size - length, last: size - 1 }
  }
  const first = Number(from)
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== "" && Number(to) < first) return undefined
  return first < size ? { first, last } : null
}

/** Whether one of the tags of `If-None-Match` is that of the file. */
export const hasTag = (header: string | undefined, tag: string): boolean =>
  (header ?? "")
    .split(",")
    .map((one) => one.trim().replace(/^W\//u, ""))
    .some((one) => one === "*" || one === tag)
