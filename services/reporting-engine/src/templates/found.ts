import type { Catalogue } from "../analytics/AnalyticsViews.ts"

/** Names that say who somebody is, not what they did. */
const technical = new Set(["$identify", "$group", "$alias"])

/** Events that people did, the most frequent first. */
export const events = ({ events: all }: Catalogue): ReadonlyArray<string> =>
  all.map(({ event }) => event).filter((event) => !technical.has(event))

/** What is done once somebody has decided, the surest sign first. */
const conversions = [
  /order|purchas|paid|payment|buy|bought|sold|transaction|invoice|donat|book(?:ed|ing)/iu,
  /subscri|upgrade|convert|sign.?up|regist|complet/iu,
  /checkout/iu
]
/** What comes before it, or undoes it. */
const undecided =
  /start|begin|began|view|shown|click|add|abandon|cancel|fail|refund|return|remove|unsub/iu

/** The event that brings something in, by its name. */
export const conversion = (names: ReadonlyArray<string>): string | undefined => {
  for (const sign of conversions) {
    const found = names.find((name) => sign.test(name) && !undecided.test(name))
    if (found !== undefined) return found
  }
  return undefined
}

/** The event that matters most by its name; else the most frequent that is no page view. */
export const keyEvent = (catalogue: Catalogue): string | undefined => {
  const all = events(catalogue)
  const own = all.filter((event) => !event.startsWith("$"))
  return conversion(own) ?? own[0] ?? all[0]
}

/** The most frequent of the others that is done as often: a way to it can begin there. */
export const before = ({ events: all }: Catalogue, key: string): string | undefined => {
  const count = all.find(({ event }) => event === key)?.count ?? Infinity
  return all.find(
    (it) => it.event !== key && !technical.has(it.event) && it.count >= count
  )?.event
}

const money = /revenue|amount|total|price|value|mrr|gmv|spend|fare|cost|sum|fee/iu
/** Sums of what one piece costs are no revenue. */
const noMoney =
  /count|quantity|^id$|[_.]id$|number|index|year|month|day|hour|unit.?(?:price|cost)/iu

/** Names of own properties of events; the catalogue has those of people, too. */
const isOwn = (property: string): boolean =>
  !/^(?:user|context|group)\.|^\$/u.test(property)

/** Numbers of events that look like money, the likeliest first. */
export const moneyProperties = ({ properties }: Catalogue): ReadonlyArray<string> => {
  const numbers = properties.filter(
    ({ property, types }) => types[0] === "number" && isOwn(property)
  )
  const likely = numbers.filter(
    ({ property }) => money.test(property) && !noMoney.test(property)
  )
  const rank = ({ property }: { readonly property: string }) =>
    /revenue|gmv|mrr/iu.test(property) ? 0 : /amount|total/iu.test(property) ? 1 : 2
  return [...likely]
    .sort((one, other) => rank(one) - rank(other) || other.count - one.count)
    .map(({ property }) => property)
}

const builtIns = ["$channel", "$referrer_domain", "$country", "$browser", "$device"]
/** Names whose values are nearly all different. */
const uninteresting = [
  /(?:^|[._ ])(?:uuid|hash|token|url|email|name|title|description|text|timestamp|ip)$/iu,
  /(?:^|[._ ]|session|user|visitor|request|message|view|event|order)ids?$/iu,
  /(?:^|[._ a-z])(?:Ids?|Url|At|Date|Time)$/u
]

/**
 * What numbers could be split by, the likeliest first: of page views what they come with,
 * of everything else an own property.
 */
export const dimensions = (
  { properties }: Catalogue,
  event: string | undefined
): ReadonlyArray<string> => {
  const own = properties
    .filter(
      ({ count, property, types }) =>
        count > 0 &&
        (types[0] === "string" || types[0] === "boolean") &&
        isOwn(property) &&
        !uninteresting.some((names) => names.test(property))
    )
    .map(({ property }) => property)
  return event?.startsWith("$") === true ? [...builtIns, ...own] : [...own, ...builtIns]
}

/** Whether pages were seen, which is what paths are made of. */
export const hasPages = (catalogue: Catalogue): boolean =>
  catalogue.events.some(({ event }) => event === "$pageview")
