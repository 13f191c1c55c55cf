import { addressIn } from "../addressIn.ts"
import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import type {
  PlainEvent,
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  RefusedRequest,
  Unreadable,
  Visit
} from "./Protocol.ts"
import { idIn, jsonIn, objectIn, pageOf, textIn } from "./plain.ts"
import { propertiesOf, restOf } from "./properties.ts"

/** Sites of one event that are looked up: a list of thousands is no site's. */
const MOST_DOMAINS = 10

/** What has a place of its own; all else becomes a property. */
const known: ReadonlySet<string> = new Set(
  "n name u url d domain r referrer w screen_width h hashMode m meta p props $ revenue i interactive v sd e".split(
    " "
  )
)

const nothing: JsonObject = {}

/** As Plausible writes a site: without blanks and `www.`. */
const siteOf = (domain: string): string => domain.trim().replace(/^www\./, "")

/** The sites of an event; that of its page where it names none. */
const domainsOf = (body: JsonObject): ReadonlyArray<string> => {
  const named = textIn(body["d"] ?? body["domain"])
  if (named === undefined) {
    const host = URL.parse(textIn(body["u"] ?? body["url"]) ?? "")?.hostname
    return host ? [siteOf(host)] : []
  }
  return named.includes(",")
    ? named.split(",", MOST_DOMAINS).map(siteOf)
    : [siteOf(named)]
}

/** Sites are keys: as Plausible writes them, and as the page does. */
const keysOf = (body: JsonObject, domains: ReadonlyArray<string>) => {
  const named = textIn(body["d"] ?? body["domain"])?.trim()
  return named === undefined || domains.includes(named) || named.includes(",")
    ? domains
    : [...domains, named]
}

const read = ({ body, headers }: ProtocolRequest): Reading | Unreadable => {
  const event = jsonIn(body)
  if (event === undefined || !isJsonObject(event))
    return { _tag: "Unreadable", reason: "Unable to parse request body as json" }
  const domains = domainsOf(event)
  // Proxies that may not set X-Forwarded-For say it here.
  const ip = addressIn(headers.get("x-plausible-ip"))
  return {
    _tag: "Reading",
    keys: keysOf(event, domains),
    items: [event],
    eventsOf: (_, visit) => eventOf(event, domains, ip, visit),
    answer: () => accepted
  }
}

const accepted: ProtocolAnswer = {
  status: 202,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "ok"
}

const noName = new Refusal("event_name can't be blank: send it as n or name")
const noUrl = new Refusal("url is required: send it as u or url")
const wrongUrl = new Refusal("url must be a string: send the address of the page")
const dataUrl = new Refusal("url scheme is not allowed: send the address of the page")

const eventOf = (
  body: JsonObject,
  domains: ReadonlyArray<string>,
  ip: string | undefined,
  visit: Visit
): PlainEvent | Refusal => {
  // Numbers are names of pages that were not found: 404.
  const name = idIn(body["n"] ?? body["name"])
  if (name === undefined) return noName
  const url = body["u"] ?? body["url"] ?? undefined
  if (url === undefined || url === "") return noUrl
  if (typeof url !== "string") return wrongUrl
  if (url.startsWith("data:")) return dataUrl
  const site = textIn(body["d"] ?? body["domain"]) ?? domains[0]
  const width = body["w"] ?? body["screen_width"]
  const version = idIn(body["v"])
  return {
    type: name === "pageview" ? "page" : "track",
    fields: {
      event: name,
      // NUL is what tells names of visitors from other hashes (see `umamiVisit.ts`).
      anonymousId: visit.visitor(
        (domains[0] ?? "").replaceAll("\0", ""),
        ip === undefined ? undefined : { ip }
      ),
      properties: allProperties(body),
      context: {
        ...(site !== undefined && { site }),
        page: pageIn(body, url),
        ...(width !== undefined && width !== null && { screen: { width } }),
        ...(ip !== undefined && { ip }),
        ...(version !== undefined && { library: { name: "plausible", version } })
      }
    }
  }
}

/** With the fragment in its path where a fragment is the page. */
const pageIn = (body: JsonObject, url: string): JsonObject => {
  const page = pageOf(url, textIn(body["r"] ?? body["referrer"])) ?? nothing
  const mode = body["h"] ?? body["hashMode"]
  if (mode !== 1 && mode !== "1" && mode !== true) return page
  const hash = url.indexOf("#")
  const path = page["path"]
  return hash === -1 || typeof path !== "string"
    ? page
    : { ...page, path: path + url.slice(hash) }
}

/** Old scripts write `m` as text, older ones `p` too; where both have a name `m` counts. */
const allProperties = (body: JsonObject): JsonObject => {
  const older = valuesOf(body["p"] ?? body["props"], "props")
  const meta = body["m"] ?? body["meta"]
  const own =
    meta === undefined || meta === null
      ? older
      : { ...older, ...valuesOf(meta, "meta") }
  const said = {
    ...revenueOf(body["$"] ?? body["revenue"]),
    ...interactiveOf(body["i"] ?? body["interactive"]),
    ...named("scroll_depth", body["sd"]),
    ...named("engagement_time", body["e"]),
    ...restOf(body, known)
  }
  return propertiesOf(own, said)
}

const named = (name: string, value: Json | undefined): JsonObject =>
  value === undefined || value === null ? nothing : { [name]: value }

const interactiveOf = (value: Json | undefined): JsonObject =>
  value === false ? { interactive: false } : nothing

/** Properties as an object or its JSON; what is neither is kept under `name`. */
const valuesOf = (value: Json | undefined, name: string): JsonObject => {
  if (value === undefined || value === null || value === "") return nothing
  const read = typeof value === "string" ? jsonIn(value) : value
  return objectIn(read) ?? { [name]: value }
}

/** `{amount, currency}` as our `revenue`, a number, and `currency`. */
const revenueOf = (value: Json | undefined): JsonObject => {
  if (value === undefined || value === null) return nothing
  const money = objectIn(typeof value === "string" ? jsonIn(value) : value)
  const amount = money?.["amount"]
  if (money === undefined || amount === undefined) return { revenue: value }
  const { amount: _, currency, ...rest } = money
  const written = typeof amount === "string" ? amount.trim() : ""
  const number = written === "" ? Number.NaN : Number(written)
  return {
    ...rest,
    revenue: Number.isFinite(number) ? number : amount,
    ...(currency !== undefined && currency !== null && { currency })
  }
}

/** The fields by which Plausible names what is wrong. */
const fields = ["event_name", "url"] as const

/** As Plausible says it: texts by field. */
const refuse = ({ detail, kind, status }: RefusedRequest): ProtocolAnswer => {
  const field =
    kind === "unauthorized" || kind === "forbidden"
      ? "domain"
      : fields.find((each) => detail.startsWith(`${each} `))
  const text = field === undefined ? detail : detail.replace(`${field} `, "")
  return {
    status,
    headers: { "x-plausible-dropped": "1" },
    body: JSON.stringify({ errors: { [field ?? "request"]: [text] } })
  }
}

/** Plausible's scripts, `plausible-tracker`, and servers that use its Events API. */
export const plausibleRoutes: ReadonlyArray<ProtocolRoute> = [
  {
    protocol: "plausible",
    methods: ["POST"],
    path: "/api/event",
    // Servers name the visitor by X-Forwarded-For and User-Agent.
    device: "always",
    onRejected: "refuse",
    keysOf: () => [],
    read,
    refuse,
    documentation: {
      summary: "A page view or an event, as Plausible takes it",
      description: `The site (\`d\`, else the host of \`u\`) is a key that the project adopted, or the write key itself. Visitors are
told apart for a day by site, address and user agent: servers put the visitor's into \`X-Forwarded-For\` and
\`User-Agent\`. 202 \`ok\` means that the event is durable; the protocol has no ids, so what is sent twice counts twice.`,
      example: {
        n: "Signup",
        u: "https://example.com/pricing?plan=pro",
        d: "example.com",
        r: "https://news.example.org/",
        p: { plan: "pro" }
      }
    }
  }
]
