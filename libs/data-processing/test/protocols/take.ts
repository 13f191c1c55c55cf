import { judge } from "@analytics/data-processing/protocols/judge"
import type {
  ProtocolRequest,
  ProtocolRoute
} from "@analytics/data-processing/protocols/Protocol"
import { visitAt } from "./visits.ts"

/** 2026-11-23 12:00 UTC: when `take` receives. */
export const NOW = Date.UTC(2026, 10, 23, 12)

/** The connection that `take` is asked by. */
export const DEVICE = { ip: "203.0.113.7", userAgent: "Mozilla/5.0 (X11)" }

/** A request of `route`, sent by POST where it has a body. */
export const requestOf = (
  { path }: ProtocolRoute,
  body: string,
  { headers = {}, query = "" }: { headers?: Record<string, string>; query?: string }
): ProtocolRequest => ({
  method: body === "" ? "GET" : "POST",
  path,
  query: new URLSearchParams(query),
  headers: new Headers(headers),
  body,
  bytes: Buffer.byteLength(body)
})

/** Reads, judges and answers as the receiver does, as far as nothing is stored. */
export const take = (
  route: ProtocolRoute,
  body: string,
  more: { headers?: Record<string, string>; query?: string } = {},
  maxEventBytes = 32_768
) => {
  const request = requestOf(route, body, more)
  const read = route.read(request)
  if (read._tag === "Unreadable") throw new Error(read.reason)
  const facts = {
    projectId: 1,
    receivedAt: NOW,
    maxEventBytes,
    testMode: false,
    ...DEVICE
  }
  const { events, rejected } = judge(route, read, 0, facts, visitAt(NOW, DEVICE))
  const detail = rejected[0]?.reason ?? ""
  const answer =
    rejected.length > 0 && (read.onRejected ?? route.onRejected) === "refuse"
      ? route.refuse?.(
          { kind: "unreadable", status: 400, detail, rejected },
          request.query
        )
      : read.answer({ accepted: events.length, rejected, warnings: [] })
  return { events, rejected, keys: read.keys, answer }
}
