import { describe, expect, it } from "bun:test"
import { enrich } from "../src/Enrichment.ts"
import type { InboxEvent } from "../src/InboxEvent.ts"
import { campaignOfQuery, channelOf, domainOf, NO_CAMPAIGN } from "../src/Traffic.ts"

const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
const googlebot =
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

const event = (given: Partial<InboxEvent>): InboxEvent => ({
  p: 1,
  m: "m",
  t: 0,
  r: 0,
  y: "track",
  e: "e",
  ...given
})
const countryOf = (ip: string) => (ip === "192.0.2.1" ? "DE" : "")
const of = (given: Partial<InboxEvent>) => enrich(event(given), countryOf)

describe("enrich", () => {
  it("reads the user agent of the context, else of a browser's request", () => {
    const expected = {
      browser: "Chrome",
      os: "Windows",
      device: "desktop",
      isBot: false
    }
    expect(of({ c: { userAgent: chrome } }).client).toEqual(expected)
    expect(of({ ua: chrome }).client).toEqual(expected)
    expect(of({ c: { userAgent: chrome }, ua: googlebot }).client).toEqual(expected)
  })

  it("marks crawlers, and not servers that send with an HTTP library", () => {
    expect(of({ ua: googlebot }).client.isBot).toBe(true)
    expect(of({ c: { userAgent: "curl/8.5.0" } }).client.isBot).toBe(true)
    for (const ua of ["analytics-node/3.1.0", "curl/8.5.0", "axios/1.7", "okhttp/4.9"])
      expect(of({ ua }).client.isBot).toBe(false)
  })

  it("believes a history without user agent and address, and nothing else", () => {
    const said = {
      browser: { name: "Safari" },
      os: { name: "iOS" },
      device: { type: "mobile" },
      location: { country: "FR" }
    }
    const client = { browser: "Safari", os: "iOS", device: "mobile", isBot: false }
    expect(of({ c: said })).toMatchObject({ client, country: "FR" })
    expect(of({ c: said, ua: chrome, ip: "192.0.2.1" })).toMatchObject({
      client: { browser: "Chrome" },
      country: "DE"
    })
    expect(of({ c: said, ip: "192.0.2.9" }).country).toBe("")
    const app = { os: { name: "iOS" }, device: { type: "ios" } }
    expect(of({ c: { ...app, location: { country: "France" } } })).toMatchObject({
      client: { browser: "", os: "", device: "" },
      country: ""
    })
    expect(of({ c: { ...said, device: { type: "ios" } } }).client.device).toBe("")
  })

  it("keeps the beginning of texts that would fill the dictionaries", () => {
    const long = `${"x".repeat(255)}💥${"y".repeat(1000)}`
    const { campaign, referrerDomain } = of({
      c: {
        campaign: {
          source: long,
          medium: long,
          name: long,
          term: long,
          content: long
        },
        page: { referrer: `https://${"x".repeat(300)}.example/` }
      }
    })
    expect(new Set(Object.values(campaign))).toEqual(new Set(["x".repeat(255)]))
    expect(referrerDomain).toBe("x".repeat(256))
  })

  it("takes path, campaign, referrer and country from the context", () => {
    const c = {
      ip: "192.0.2.1",
      page: {
        path: "/shoes",
        url: "https://www.shop.example/shoes?utm_source=google&utm_medium=cpc",
        referrer: "https://www.google.com/"
      }
    }
    expect(of({ c, ip: "198.51.100.1" })).toMatchObject({
      path: "/shoes",
      campaign: { source: "google", medium: "cpc" },
      referrerDomain: "google.com",
      channel: "paid_search",
      country: "DE"
    })
    const own = { page: { ...c.page, referrer: "https://shop.example/" } }
    expect(of({ c: own }).referrerDomain).toBe("")
    const campaign = { source: "news", medium: "email", name: "may" }
    expect(of({ c: { campaign } })).toMatchObject({
      campaign: { source: "news", campaign: "may" },
      channel: "email"
    })
    expect(of({ d: { path: "/from-properties" } }).path).toBe("/from-properties")
  })

  it("says nothing of an event that came from nowhere", () => {
    expect(of({})).toMatchObject({
      channel: "",
      path: "",
      country: "",
      referrerDomain: ""
    })
  })

  it("survives any type in the context", () => {
    for (const odd of [null, 1, "x", [], {}, [{ path: 1 }]])
      expect(() =>
        of({ c: { page: odd, campaign: odd, userAgent: odd, referrer: odd, ip: odd } })
      ).not.toThrow()
  })
})

describe("Traffic", () => {
  it("finds the domain of a URL", () => {
    expect(domainOf("https://user:x@WWW.Example.com:8080/a?b#c")).toBe("example.com")
    expect(domainOf("//example.com")).toBe("example.com")
    expect(domainOf("example.com/a")).toBe("")
    expect(domainOf("")).toBe("")
  })

  it("finds a campaign in a query and not in a fragment", () => {
    expect(campaignOfQuery("/a?utm_campaign=x%20y#utm_source=z")).toEqual({
      ...NO_CAMPAIGN,
      campaign: "x y"
    })
    expect(campaignOfQuery("/a?b=c")).toEqual(NO_CAMPAIGN)
  })

  it.each([
    ["google.de", "", "", "organic_search"],
    ["t.co", "", "", "organic_social"],
    ["blog.example", "", "", "referral"],
    ["", "", "", "direct"],
    ["", "facebook", "cpc", "paid_social"],
    ["", "partner", "affiliate", "affiliate"],
    ["mail.google.com", "", "", "email"],
    ["", "ads", "banner", "display"]
  ])("referrer %p, source %p, medium %p is %p", (referrer, source, medium, channel) => {
    expect(channelOf({ ...NO_CAMPAIGN, source, medium }, referrer)).toBe(channel)
  })
})
