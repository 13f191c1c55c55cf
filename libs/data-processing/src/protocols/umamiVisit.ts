import type { Device, Visit } from "./Protocol.ts"

/** A visit ends when nothing came for so long, in milliseconds. */
const IDLE = 30 * 60_000

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The longest token that is read, in characters; ours have fewer than 200. */
const MAX_TOKEN = 512

/** Of nobody: what is hashed is not about a device. */
const nobody: Device = { ip: "", userAgent: "" }

/** Who sent something, and in which visit. */
export interface UmamiVisit {
  readonly visitor: string
  /** When the visit began, in milliseconds since 1970. */
  readonly start: number
}

/** Without NUL, which keeps seals and names apart. */
export const siteOf = (website: string): string => website.replaceAll("\0", "")

/**
 * The visitor of a site and their visit, without a token. What has a time of its own gets
 * the name of that day.
 *
 * @param at milliseconds since 1970
 */
export const visitOf = (
  site: string,
  device: Device,
  at: number,
  visit: Visit
): UmamiVisit => {
  const day = Math.floor(at / DAY)
  const visitor = visit.visitor(
    day === Math.floor(visit.receivedAt / DAY) ? site : `${site} ${day}`,
    {
      ip: device.ip && siteOf(device.ip),
      userAgent: device.userAgent && siteOf(device.userAgent)
    }
  )
  // Requests of the same hour that have no token yet are of one visit.
  return { visitor, start: Math.floor(at / HOUR) * HOUR }
}

/** As Umami's visits are named. */
export const visitIdOf = ({ start, visitor }: UmamiVisit): string => {
  const began = Math.max(start, 0).toString(16).padStart(12, "0")
  return uuidOf(visitor.slice(0, 20) + began.slice(-12))
}

/** 32 hexadecimal digits as a UUID. */
export const uuidOf = (name: string): string =>
  `${name.slice(0, 8)}-${name.slice(8, 12)}-${name.slice(12, 16)}-${name.slice(16, 20)}-${name.slice(20, 32)}`

/**
 * Seals what a token says. `visit.visitor` is a keyed hash of 128 bits with a secret of
 * the installation over project, day and text: nobody can make a seal for the name of
 * another visitor, another site or another project, and it ends with the day, as names
 * do. Nobody can have one made either by asking for the visitor of a site that looks like
 * this text: sites, addresses and user agents of clients have no NUL.
 */
const seal = (site: string, body: string, visit: Visit): string =>
  visit.visitor(`\0umami cache\0${site}\0${body}`, nobody)

/** What the client sends back in `x-umami-cache`: who it is, and when it was last seen. */
export const tokenOf = (
  site: string,
  { start, visitor }: UmamiVisit,
  visit: Visit
): string => {
  const body = `${visitor}.${start}.${visit.receivedAt}`
  return `${body}.${seal(site, body, visit)}`
}

/** Older scripts send the whole answer back, of which `cache` comes first. */
const whole = /^\{"cache":"([^"]{1,200})"/

/** Whom a token names; `undefined` if it was not made here, today, for this site. */
export const visitOfToken = (
  sent: string | null,
  site: string,
  visit: Visit
): UmamiVisit | undefined => {
  if (sent === null || sent === "" || sent.length > MAX_TOKEN) return undefined
  const token = whole.exec(sent)?.[1] ?? sent
  const end = token.lastIndexOf(".")
  const body = token.slice(0, Math.max(end, 0))
  if (end === -1 || token.slice(end + 1) !== seal(site, body, visit)) return undefined
  const [visitor = "", start, seen] = body.split(".")
  const isOver = visit.receivedAt - Number(seen) > IDLE
  return { visitor, start: isOver ? visit.receivedAt : Number(start) }
}
