import { isJsonObject, type Json } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import type {
  PlainEvent,
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  RefusedRequest,
  TakenRequest,
  Unreadable,
  Visit
} from "./Protocol.ts"
import { jsonIn } from "./plain.ts"
import { eventOf, payloadOf, websiteOf } from "./umamiEvent.ts"
import { tokenOf, uuidOf } from "./umamiVisit.ts"

/** What the client keeps until its next request. */
interface Session {
  readonly cache: string
  readonly sessionId: string
  readonly visitId: string
}

const unreadable = (reason: string): Unreadable => ({ _tag: "Unreadable", reason })

const read = ({ body, headers }: ProtocolRequest): Reading | Unreadable => {
  const item = jsonIn(body)
  if (item === undefined || !isJsonObject(item))
    return unreadable("the body must be one JSON object: {type, payload}")
  return readingOf([item], headers, ({ session }) => ({
    status: 200,
    body: JSON.stringify(session ?? {})
  }))
}

const readBatch = ({ body, headers }: ProtocolRequest): Reading | Unreadable => {
  const items = jsonIn(body)
  if (!Array.isArray(items))
    return unreadable("the body must be a list of {type, payload}")
  return readingOf(items, headers, ({ session, taken: { rejected } }) => ({
    status: 200,
    body: JSON.stringify({
      size: items.length,
      processed: items.length - rejected.length,
      errors: rejected.length,
      details: rejected.map(({ index, reason }) => ({
        index,
        response: { error: { message: reason, ...badRequest } }
      })),
      ...(session && { cache: session.cache })
    })
  }))
}

const badRequest = { code: "bad-request", status: 400 }

const otherWebsite = new Refusal(
  "a batch goes to one website: send the events of each in a batch of its own"
)

const websiteIn = (item: Json | undefined): string | undefined => {
  const payload = item === undefined ? undefined : payloadOf(item)
  return payload && websiteOf(payload)
}

const readingOf = (
  items: ReadonlyArray<Json>,
  headers: Headers,
  answer: (to: {
    readonly session: Session | undefined
    readonly taken: TakenRequest
  }) => ProtocolAnswer
): Reading => {
  const website = items.length === 0 ? undefined : websiteOfAll(items)
  const sender = {
    token: headers.get("x-umami-cache"),
    agent: headers.get("user-agent")?.slice(0, 512) ?? null
  }
  // The answer tells the client who it is, which only the events can say.
  let session: Session | undefined
  return {
    _tag: "Reading",
    keys: website === undefined ? [] : [website],
    items,
    eventsOf: (item: Json, visit: Visit): PlainEvent | Refusal => {
      const own = websiteIn(item)
      if (own !== undefined && own !== website) return otherWebsite
      const read = eventOf(item, sender, visit)
      if (read instanceof Refusal) return read
      session ??= {
        cache: tokenOf(read.site, read.visit, visit),
        sessionId: uuidOf(read.visit.visitor),
        visitId: read.visitId
      }
      return read.event
    },
    answer: (taken) => answer({ session, taken })
  }
}

/** That of the first item that names one. */
const websiteOfAll = (items: ReadonlyArray<Json>): string | undefined => {
  for (const item of items) {
    const website = websiteIn(item)
    if (website !== undefined) return website
  }
  return undefined
}

const codes: { readonly [kind in RefusedRequest["kind"]]: string } = {
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  unreadable: "bad-request",
  tooLarge: "payload-too-large",
  tooMany: "too-many-requests",
  unavailable: "service-unavailable"
}

const refuse = ({ detail, kind, status }: RefusedRequest): ProtocolAnswer => ({
  status,
  body: JSON.stringify({ error: { message: detail, code: codes[kind], status } })
})

const common = {
  protocol: "umami",
  methods: ["POST"],
  // Servers name the visitor by `ip` and `userAgent`, or by the headers.
  device: "always",
  keysOf: () => [],
  refuse
} as const

const payload = {
  website: "50429a93-8479-4073-be80-d5d29c09c2ec",
  hostname: "example.com",
  url: "/pricing",
  title: "Pricing",
  language: "en-US",
  screen: "1920x1080",
  name: "signup",
  data: { plan: "pro" }
}

/** Umami's script, `@umami/node`, and servers that send stats. */
export const umamiRoutes: ReadonlyArray<ProtocolRoute> = [
  {
    ...common,
    path: "/api/send",
    onRejected: "refuse",
    read,
    documentation: {
      summary: "A page view, an event or an identification, as Umami takes it",
      description: `The website's id is a key that the project adopted, or the write key itself. Visitors are told apart for a day by
website, address and user agent; \`payload.ip\` and \`payload.userAgent\` come before those of the request.
\`cache\` of the answer, sent back as \`x-umami-cache\`, keeps a visitor whose address changes. 200 means that the
event is durable; the protocol has no ids, so what is sent twice counts twice.`,
      example: { type: "event", payload }
    }
  },
  {
    ...common,
    path: "/api/batch",
    onRejected: "tell",
    maxKeylessBytes: 512 * 1024,
    read: readBatch,
    documentation: {
      summary: "Many of them at once, all of one website",
      example: [{ type: "event", payload: { ...payload, timestamp: 1_772_359_200 } }]
    }
  }
]
