import { describe, expect, it } from "bun:test"
import { encodeLine } from "@analytics/data-processing/InboxEvent"
import { judge } from "@analytics/data-processing/protocols/judge"
import type { ProtocolRoute } from "@analytics/data-processing/protocols/Protocol"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import fc from "fast-check"
import { type Fuzzed, fuzzed, seeds } from "./requests.ts"

const numRuns = process.env["TEST_LONG"] === "1" ? 10_000 : 60
const all = await seeds()
const receivedAt = Date.parse("2026-11-22T20:40:00.000Z")
const decoder = new TextDecoder()

/** Reads, judges and answers as a receiver does, and gives the status of the answer. */
const statusOf = (route: ProtocolRoute, request: Fuzzed): number => {
  const [path = "", search = ""] = request.target.split("?")
  const query = new URLSearchParams(search)
  const headers = new Headers(request.headers)
  const body = decoder.decode(request.body)
  for (const key of route.keysOf(headers, query)) expect(key).toBeString()
  const bytes = request.body.length
  const { method } = request
  const reading = route.read({ method, path, query, headers, body, bytes })
  if (reading._tag === "Unreadable") {
    expect(reading.reason).not.toBe("")
    const refused = { kind: "unreadable", status: 400, detail: reading.reason } as const
    return route.refuse?.(refused, query).status ?? 400
  }
  for (const key of reading.keys) expect(key).toBeString()
  const { events, rejected } = judge(
    route,
    reading,
    bytes,
    { projectId: 1, receivedAt, testMode: false, maxEventBytes: 32 * 1024 },
    { receivedAt, visitor: (site) => `visitor of ${site}` }
  )
  const onRejected = reading.onRejected ?? route.onRejected
  if (onRejected === "keep") expect(rejected).toEqual([])
  for (const event of events) expect(JSON.parse(encodeLine(event)).m).toBeString()
  if (rejected.length > 0 && onRejected === "refuse") {
    const [first] = rejected
    const refused = {
      kind: "unreadable",
      status: 400,
      detail: first?.reason ?? "",
      rejected
    } as const
    return route.refuse?.(refused, query).status ?? 400
  }
  return reading.answer({ accepted: events.length, rejected, warnings: [] }).status
}

describe("whatever is sent to an endpoint", () => {
  for (const route of protocolRoutes)
    it(`${route.methods.join(" and ")} ${route.path} answers`, () => {
      fc.assert(
        fc.property(fuzzed(route, all), (request) => {
          const status = statusOf(route, request)
          expect(status).toBeGreaterThanOrEqual(200)
          expect(status).toBeLessThan(500)
        }),
        { numRuns }
      )
    }, 600_000)
})
