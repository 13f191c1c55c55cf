/** Where a visit came from. */
export interface Campaign {
  readonly source: string
  readonly medium: string
  readonly campaign: string
  readonly term: string
  readonly content: string
}

export const NO_CAMPAIGN: Campaign = {
  source: "",
  medium: "",
  campaign: "",
  term: "",
  content: ""
}

/** The `utm_*` parameters of a query string (`?a=b`) or of a whole URL. */
export const campaignOfQuery = (text: string): Campaign => {
  const start = text.indexOf("?")
  if (start < 0 || !text.includes("utm_", start)) return NO_CAMPAIGN
  const end = text.indexOf("#", start)
  const query = text.slice(start + 1, end < 0 ? undefined : end)
  return {
    source: valueIn(query, "utm_source="),
    medium: valueIn(query, "utm_medium="),
    campaign: valueIn(query, "utm_campaign="),
    term: valueIn(query, "utm_term="),
    content: valueIn(query, "utm_content=")
  }
}

/** The first value of a parameter; `URLSearchParams` takes ten times as long. */
const valueIn = (query: string, name: string): string => {
  let at = query.indexOf(name)
  while (at > 0 && query[at - 1] !== "&") at = query.indexOf(name, at + 1)
  if (at < 0) return ""
  const end = query.indexOf("&", at)
  const value = query
    .slice(at + name.length, end < 0 ? undefined : end)
    .replaceAll("+", " ")
  if (!value.includes("%")) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** The host of a URL in lower case without `www.`; empty if there is none. */
export const domainOf = (url: string): string => {
  const match = /^(?:https?:)?\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(url)
  return match?.[1] === undefined ? "" : match[1].toLowerCase().replace(/^www\./, "")
}

const search =
  /(^|\.)(google|bing|yahoo|duckduckgo|baidu|yandex|ecosia|startpage|qwant|naver|seznam|brave|sogou|kagi)\./
const social =
  /(^|\.)(facebook|instagram|twitter|linkedin|lnkd|pinterest|reddit|tiktok|youtube|vk|weibo|snapchat|threads|quora|bsky|tumblr|whatsapp|telegram)\.|^(t\.co|x\.com|t\.me|youtu\.be|fb\.me|news\.ycombinator\.com)$/
const mail = /^(mail|webmail|outlook)\.|(^|\.)(mail\.google|mail\.yahoo|proton)\./
const paidMedium = /^(cpc|ppc|cpm|cpv|cpa|cpp|retargeting|paid.*|.*_paid)$/i
const displayMedium = /^(display|banner|expandable|interstitial|cpm)$/i

/**
 * The marketing channel of an event by its campaign and referrer: `paid_search`,
 * `paid_social`, `paid_other`, `display`, `email`, `affiliate`, `organic_search`,
 * `organic_social`, `referral` or `direct`.
 *
 * @param referrer domain, empty if there is none or it is the site itself
 */
export const channelOf = (campaign: Campaign, referrer: string): string => {
  const medium = campaign.medium.toLowerCase()
  const source = campaign.source.toLowerCase()
  const from = (sites: RegExp) => sites.test(referrer) || sites.test(`${source}.`)
  if (displayMedium.test(medium)) return "display"
  if (paidMedium.test(medium))
    return from(search) ? "paid_search" : from(social) ? "paid_social" : "paid_other"
  if (/^e-?mail$|^newsletter$/.test(medium) || /^e-?mail$|^newsletter$/.test(source))
    return "email"
  if (/^affiliates?$/.test(medium)) return "affiliate"
  if (/^social/.test(medium)) return "organic_social"
  if (medium === "organic") return "organic_search"
  if (mail.test(referrer)) return "email"
  if (from(search)) return "organic_search"
  if (from(social)) return "organic_social"
  return referrer !== "" || source !== "" || medium !== "" ? "referral" : "direct"
}
