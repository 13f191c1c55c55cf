import type { Catalogue } from "../analytics/AnalyticsViews.ts"

/** Names that say who somebody is, not what they did. */
const technical = new Set(["$identify", "$group", "$alias"])

/** Events that people did, the most frequent first. */
export const events = ({ events: all }: Catalogue): ReadonlyArray<string> =>
  all.map(({ event }) => event).filter((event) => !technical.has(event))

const conversion =
  /order|purchas|checkout|sign.?up|regist|subscri|complet|paid|payment|buy|bought|transaction|invoice|convert|upgrade|donat|book/iu

/** The event that matters most by its name; else the most frequent that is no page view. */
export const keyEvent = (catalogue: Catalogue): string | undefined => {
  const own = events(catalogue)
  return (
    own.find((event) => conversion.test(event)) ??
    own.find((event) => !event.startsWith("$")) ??
    own[0]
  )
}

const money = /revenue|amount|total|price|value|mrr|gmv|spend|fare|cost|sum|fee/iu
const noMoney = /count|quantity|^id$|[_.]id$|number|index|year|month|day|hour/iu

/** Numbers of events that look like money, the likeliest first. */
export const moneyProperties = ({ properties }: Catalogue): ReadonlyArray<string> => {
  const numbers = properties.filter(
    ({ property, types }) =>
      types[0] === "number" && !/^(?:user|context|group)\.|^\$/u.test(property)
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

const dimensions = ["$channel", "$country", "$browser", "$device", "$referrer_domain"]
const uninteresting =
  /(?:^|[._])(?:id|ids|uuid|hash|token|url|email|name|time|timestamp|date|session)$|_id$|Id$/u

/** Something to look at numbers by: a built-in that has values, else an own property. */
export const dimension = ({ properties }: Catalogue): string | undefined =>
  properties.find(
    ({ count, property, types }) =>
      count > 0 &&
      types[0] === "string" &&
      !/^(?:user|context|group)\.|^\$/u.test(property) &&
      !uninteresting.test(property)
  )?.property ??
  dimensions.find((name) =>
    properties.some(({ count, property }) => property === name && count > 0)
  )

/** Whether pages were seen, which is what paths are made of. */
export const hasPages = (catalogue: Catalogue): boolean =>
  catalogue.events.some(({ event }) => event === "$pageview")
