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
  readonly visitId: string
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
  return { visitor, visitId: visitId(visitor, Math.floor(at / HOUR), visit) }
}

/** Requests of the same hour that have no token yet are of one visit. */
const visitId = (visitor: string, start: number, visit: Visit): string =>
  uuidOf(visit.visitor(`\0umami visit\0${visitor}\0${start}`, nobody))

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
  { visitId, visitor }: UmamiVisit,
  visit: Visit
): string => {
  const body = `${visitor}\n${visitId}\n${visit.receivedAt}`
  return Buffer.from(`${body}\n${seal(site, body, visit)}`).toString("base64url")
}

/** Whom a token names; `undefined` if it was not made here, today, for this site. */
export const visitOfToken = (
  token: string | null,
  site: string,
  visit: Visit
): UmamiVisit | undefined => {
  if (token === null || token === "" || token.length > MAX_TOKEN) return undefined
  const text = Buffer.from(token, "base64url").toString()
  const end = text.lastIndexOf("\n")
  const body = text.slice(0, Math.max(end, 0))
  if (end === -1 || text.slice(end + 1) !== seal(site, body, visit)) return undefined
  const [visitor = "", id = "", seen] = body.split("\n")
  const idle = visit.receivedAt - Number(seen)
  return {
    visitor,
    visitId: idle <= IDLE ? id : visitId(visitor, visit.receivedAt, visit)
  }
}
