import bowser from "bowser"
import { isbot } from "isbot"
import { BoundedCache } from "./BoundedCache.ts"

/** What a user agent says of itself; an empty string where it says nothing. */
export interface Client {
  readonly browser: string
  readonly os: string
  /** `desktop`, `mobile`, `tablet`, `tv` */
  readonly device: string
  readonly isBot: boolean
}

export const NO_CLIENT: Client = { browser: "", os: "", device: "", isBot: false }

const cache = new BoundedCache<string, Client>(20_000)

/**
 * Reads a user agent. Parsing costs tens of microseconds and a site sees the same few
 * thousand again and again, so the last ones are remembered.
 */
export const clientOf = (userAgent: string): Client => {
  const known = cache.get(userAgent)
  if (known !== undefined) return known
  // A header has no limit of its own, and the parser is a long list of expressions.
  const text = userAgent.slice(0, 1000)
  const client = parse(text)
  cache.set(text, client)
  return client
}

const parse = (userAgent: string): Client => {
  const parsed = bowser.parse(userAgent)
  return {
    browser: parsed.browser.name ?? "",
    os: parsed.os.name ?? "",
    device: parsed.platform.type ?? "",
    isBot: isbot(userAgent)
  }
}
