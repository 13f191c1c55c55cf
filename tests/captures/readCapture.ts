import { createHash } from "node:crypto"
import { judge } from "@analytics/data-processing/protocols/judge"
import type {
  ProtocolRoute,
  Reading,
  Visit
} from "@analytics/data-processing/protocols/Protocol"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import { type Captured, targetOf, textOf } from "./Captured.ts"

const RECEIVED_AT = Date.parse("2026-11-22T20:40:00.000Z")

const visit: Visit = {
  receivedAt: RECEIVED_AT,
  visitor: (site, device) =>
    // What begins with NUL is no site: other things are hashed by the same secret.
    site.startsWith("\0")
      ? createHash("sha256").update(site).digest("hex").slice(0, 32)
      : `visitor of ${site} ${device?.ip ?? ""} ${device?.userAgent ?? ""}`.trim()
}

const matches = (route: ProtocolRoute, { method, path }: Captured): boolean =>
  route.methods.includes(method) && `${route.path}/` === `${path.replace(/\/$/, "")}/`

export const readingOf = (captured: Captured): Reading & { route: ProtocolRoute } => {
  const route = protocolRoutes.find((each) => matches(each, captured))
  if (route === undefined) throw new Error(`no route takes ${captured.path}`)
  const text = textOf(captured)
  const reading = route.read({
    method: captured.method,
    path: captured.path,
    query: new URLSearchParams(targetOf(captured).split("?")[1] ?? ""),
    headers: new Headers(captured.headers),
    body: text,
    bytes: Buffer.byteLength(text)
  })
  if (reading._tag === "Unreadable") throw new Error(reading.reason)
  return { ...reading, route }
}

const randomId = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** What becomes of a captured request: keys, events, refusals, and the answer. */
export const readCapture = (captured: Captured) => {
  const reading = readingOf(captured)
  const sent = JSON.stringify(captured)
  const { events, rejected } = judge(
    reading.route,
    reading,
    captured.wire_bytes,
    {
      projectId: 1,
      receivedAt: RECEIVED_AT,
      testMode: false,
      maxEventBytes: 1024 * 1024,
      ...(reading.route.device === "always"
        ? { ip: "203.0.113.7", userAgent: captured.headers["user-agent"] }
        : {})
    },
    visit
  )
  const answer = reading.answer({ accepted: events.length, rejected, warnings: [] })
  return {
    keys: [
      ...reading.route.keysOf(
        new Headers(captured.headers),
        new URLSearchParams(targetOf(captured).split("?")[1] ?? "")
      ),
      ...reading.keys
    ],
    events: events.map((event) => ({
      ...event,
      // An id that the client did not send is made anew each time.
      m: randomId.test(event.m) && !sent.includes(event.m) ? "made here" : event.m,
      t: new Date(event.t).toISOString(),
      r: "received"
    })),
    rejected,
    answer: {
      ...answer,
      body: typeof answer.body === "string" ? answer.body : [...answer.body]
    }
  }
}
