import {
  type IpRange,
  inRange,
  parseIp,
  parseRange
} from "@analytics/analytics-core/settings/IpAddress"
import type { Exclusions } from "@analytics/analytics-core/settings/ProjectSettings"
import type { DropReason, InboxEvent } from "../InboxEvent.ts"
import { textOf, valueIn, valuePath } from "./EventValue.ts"
import { globOf } from "./Glob.ts"

/** A longer text is matched by its beginning: nobody's pattern may cost everybody time. */
const MOST_CHARACTERS = 2000

const path = {
  userAgent: valuePath("context.userAgent"),
  host: valuePath("context.page.host"),
  url: valuePath("context.page.url"),
  page: valuePath("context.page.path"),
  ownPath: valuePath("path"),
  ownUrl: valuePath("url"),
  trait: valuePath("user.email"),
  property: valuePath("email")
}

/** Why an event is excluded; `ip` and `userAgent` are those of its visitor. */
type Rule = (
  event: InboxEvent,
  ip: string | undefined,
  userAgent: string | undefined
) => DropReason | undefined

/** The exclusions of a project as one rule; `undefined` if there are none. */
export const exclusionOf = (settings: Exclusions): Rule | undefined => {
  const rules: Array<Rule> = []
  const ranges = settings.addresses.flatMap((text) => parseRange(text) ?? [])
  if (ranges.length > 0) {
    // All events of a visitor's request come from one address.
    let last: string | undefined
    let within = false
    rules.push((_, ip) => {
      if (ip !== last) {
        within = isWithin(ip, ranges)
        last = ip
      }
      return within ? "excluded_address" : undefined
    })
  }

  const agents = settings.userAgents.map((agent) => agent.toLowerCase())
  if (agents.length > 0)
    rules.push((event, _, requestAgent) => {
      const agent = (textOf(event, path.userAgent) || requestAgent || "").toLowerCase()
      return agents.some((part) => agent.includes(part))
        ? "excluded_user_agent"
        : undefined
    })

  const hosts = settings.hosts.map((host) => globOf(host.toLowerCase()))
  if (hosts.length > 0)
    rules.push((event) => {
      const host = hostOf(event)
      return hosts.some((matches) => matches(host)) ? "excluded_host" : undefined
    })

  const paths = settings.paths.map(globOf)
  if (paths.length > 0)
    rules.push((event) => {
      const page = pathOf(event)
      return paths.some((matches) => matches(page)) ? "excluded_path" : undefined
    })

  const marks = settings.properties.map(({ equals, property }) => ({
    equals,
    at: valuePath(property)
  }))
  const users = new Set(settings.userIds)
  const domains = new Set(settings.emailDomains.map((domain) => domain.toLowerCase()))
  if (marks.length > 0 || users.size > 0 || domains.size > 0)
    rules.push((event) =>
      marks.some(({ at, equals }) => valueIn(event, at) === equals) ||
      (event.u !== undefined && users.has(event.u)) ||
      (domains.size > 0 && domains.has(emailDomainOf(event)))
        ? "excluded_internal"
        : undefined
    )

  if (rules.length === 0) return undefined
  return (event, ip, userAgent) => {
    for (const rule of rules) {
      const reason = rule(event, ip, userAgent)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

const isWithin = (
  text: string | undefined,
  ranges: ReadonlyArray<IpRange>
): boolean => {
  const ip = text === undefined ? undefined : parseIp(text)
  return ip !== undefined && ranges.some((range) => inRange(ip, range))
}

const hostOf = (event: InboxEvent): string => {
  const host =
    textOf(event, path.host) ||
    hostIn(textOf(event, path.url) || textOf(event, path.ownUrl))
  return host.slice(0, MOST_CHARACTERS).toLowerCase()
}

const hostIn = (url: string): string => {
  const [, host = ""] = /^(?:https?:)?\/\/(?:[^/?#@]*@)?([^/?#:]+)/iu.exec(url) ?? []
  return host
}

const pathOf = (event: InboxEvent): string => {
  const page = textOf(event, path.page) || textOf(event, path.ownPath)
  if (page !== "") return page.slice(0, MOST_CHARACTERS)
  const url = textOf(event, path.url) || textOf(event, path.ownUrl)
  const [, found = ""] = /^(?:https?:)?\/\/[^/?#]*([^?#]*)/iu.exec(url) ?? []
  return found.slice(0, MOST_CHARACTERS)
}

/** Empty without an address that can be told. */
const emailDomainOf = (event: InboxEvent): string => {
  const email =
    textOf(event, path.trait) || textOf(event, path.property) || (event.u ?? "")
  const at = email.lastIndexOf("@")
  return at < 1
    ? ""
    : email
        .slice(at + 1)
        .trim()
        .toLowerCase()
}
