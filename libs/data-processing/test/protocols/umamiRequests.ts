import { judge } from "@analytics/data-processing/protocols/judge"
import { umamiRoutes } from "@analytics/data-processing/protocols/umami"
import { routeIn, visitAt } from "./visits.ts"

export const NOW = Date.parse("2026-11-23T12:10:00.000Z")
export const MINUTE = 60_000
export const SITE = "50429a93-8479-4073-be80-d5d29c09c2ec"

export interface Circumstances {
  readonly at?: number
  readonly ip?: string
  readonly userAgent?: string
  /** `User-Agent`, as the adapter sees it. */
  readonly agent?: string
  readonly cache?: string
  readonly projectId?: number
}

/** A request to one of Umami's endpoints, judged; `undefined` if it cannot be read. */
export const request = (
  path: string,
  body: unknown,
  {
    agent = "Mozilla/5.0 (X11; Linux x86_64)",
    at = NOW,
    cache,
    projectId,
    ip = "203.0.113.7",
    userAgent = "A"
  }: Circumstances = {}
) => {
  const route = routeIn(umamiRoutes, path)
  const text = JSON.stringify(body)
  const read = route.read({
    method: "POST",
    path,
    query: new URLSearchParams(),
    headers: new Headers({
      "user-agent": agent,
      ...(cache !== undefined && { "x-umami-cache": cache })
    }),
    body: text,
    bytes: Buffer.byteLength(text)
  })
  if (read._tag === "Unreadable") return undefined
  const { events, rejected } = judge(
    route,
    read,
    0,
    { projectId: 1, receivedAt: at, maxEventBytes: 32_768, testMode: false, ip },
    visitAt(at, { ip, userAgent }, projectId)
  )
  const answer = read.answer({ accepted: events.length, rejected, warnings: [] })
  return { keys: read.keys, events, rejected, said: JSON.parse(String(answer.body)) }
}

export const send = (
  payload: object,
  circumstances?: Circumstances,
  type = "event"
) => {
  const sent = request("/api/send", { type, payload }, circumstances)
  if (sent === undefined) throw new Error("unreadable")
  return sent
}

export const batch = (items: ReadonlyArray<unknown>) => {
  const sent = request("/api/batch", items)
  if (sent === undefined) throw new Error("unreadable")
  return sent
}

export const page = { website: SITE, hostname: "x.test", url: "/a?utm_source=b#c" }
