/**
 * An address as eight groups of 16 bits; an IPv4 address stands in the IPv6 range that
 * maps it (`::ffff:0:0/96`), so that both spellings are one address.
 */
export interface IpAddress {
  readonly version: 4 | 6
  readonly groups: ReadonlyArray<number>
}

const LONGEST = 45

/** `undefined` for what is no address; zone ids (`fe80::1%eth0`) are none. */
export const parseIp = (text: string): IpAddress | undefined => {
  if (text.length > LONGEST) return undefined
  if (!text.includes(":")) {
    const low = ipv4Groups(text)
    return low && { version: 4, groups: [0, 0, 0, 0, 0, 0xffff, ...low] }
  }
  const groups = ipv6Groups(text)
  if (groups === undefined) return undefined
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((g) => g === 0)
  return { version: mapped ? 4 : 6, groups }
}

/** The address with all but its first `bits` set to zero, as text. */
export const truncateIp = ({ groups, version }: IpAddress, bits: number): string => {
  const kept = masked(groups, version === 4 ? bits + 96 : bits)
  return version === 4 ? ipv4Text(kept) : ipv6Text(kept)
}

/** A range such as `10.0.0.0/8`; an address alone is a range of one. */
export interface IpRange {
  readonly groups: ReadonlyArray<number>
  /** of the 128 */
  readonly bits: number
}

export const parseRange = (text: string): IpRange | undefined => {
  const [address = "", length, ...rest] = text.split("/")
  const ip = parseIp(address)
  if (ip === undefined || rest.length > 0) return undefined
  // `::ffff:10.0.0.0/104` counts the bits of IPv6, `10.0.0.0/8` those of IPv4.
  const offset = address.includes(":") ? 0 : 96
  if (length === undefined) return { groups: ip.groups, bits: 128 }
  if (!/^\d{1,3}$/u.test(length) || Number(length) > 128 - offset) return undefined
  const bits = Number(length) + offset
  return { groups: masked(ip.groups, bits), bits }
}

export const inRange = ({ groups }: IpAddress, range: IpRange): boolean => {
  const whole = range.bits >>> 4
  for (let at = 0; at < whole; at++) if (groups[at] !== range.groups[at]) return false
  const rest = range.bits & 15
  return (
    rest === 0 || ((groups[whole] ?? 0) & maskOf(rest)) === (range.groups[whole] ?? 0)
  )
}

const maskOf = (bits: number): number => (0xffff << (16 - bits)) & 0xffff

const masked = (groups: ReadonlyArray<number>, bits: number): ReadonlyArray<number> =>
  groups.map((group, at) => {
    const kept = bits - at * 16
    return kept >= 16 ? group : kept <= 0 ? 0 : group & maskOf(kept)
  })

const ipv4Groups = (text: string): readonly [number, number] | undefined => {
  const match =
    /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/u.exec(
      text
    )
  if (match === null) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number)
  return a > 255 || b > 255 || c > 255 || d > 255
    ? undefined
    : [(a << 8) | b, (c << 8) | d]
}

const ipv6Groups = (text: string): ReadonlyArray<number> | undefined => {
  const [before = "", after, ...rest] = text.split("::")
  if (rest.length > 0) return undefined
  const head = sideOf(before, after === undefined)
  const tail = after === undefined ? [] : sideOf(after, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (after === undefined ? missing !== 0 : missing < 1) return undefined
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail]
}

/** The groups on one side of `::`; only the last of all may be written as IPv4. */
const sideOf = (text: string, last: boolean): Array<number> | undefined => {
  if (text === "") return []
  const groups: Array<number> = []
  const words = text.split(":")
  for (const [at, word] of words.entries()) {
    if (/^[0-9a-f]{1,4}$/iu.test(word)) groups.push(Number.parseInt(word, 16))
    else {
      const low = last && at === words.length - 1 ? ipv4Groups(word) : undefined
      if (low === undefined) return undefined
      groups.push(...low)
    }
  }
  return groups
}

const ipv4Text = (groups: ReadonlyArray<number>): string => {
  const [high = 0, low = 0] = groups.slice(6)
  return `${high >>> 8}.${high & 255}.${low >>> 8}.${low & 255}`
}

/** The longest run of zeros is written `::`, as RFC 5952 asks. */
const ipv6Text = (groups: ReadonlyArray<number>): string => {
  let best = { from: -1, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (from + length < 8 && groups[from + length] === 0) length++
    if (length > best.length) best = { from, length }
  }
  const hex = groups.map((group) => group.toString(16))
  return best.from < 0
    ? hex.join(":")
    : `${hex.slice(0, best.from).join(":")}::${hex.slice(best.from + best.length).join(":")}`
}
