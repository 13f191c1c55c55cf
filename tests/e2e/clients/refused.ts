import type { RefusedKind } from "@analytics/data-processing/protocols/Protocol"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import type { Refusal } from "../FlakyProxy.ts"

const kinds: Readonly<Record<number, RefusedKind>> = {
  401: "unauthorized",
  413: "tooLarge",
  429: "tooMany",
  503: "unavailable"
}

/** What the service answers a request of which it takes nothing, by its protocol. */
export const refused =
  (status: number) =>
  (method: string, target: string): Refusal => {
    const [path = "", search] = target.split("?")
    const route = protocolRoutes.find(
      (each) =>
        each.methods.some((one) => one === method) &&
        each.path === path.replace(/\/$/, "")
    )
    if (route === undefined) throw new Error(`no route takes ${method} ${path}`)
    const kind = kinds[status] ?? "unreadable"
    const wait = status === 429 || status === 503 ? { "retry-after": "1" } : {}
    const detail = "refused by a test"
    if (route.refuse === undefined)
      return {
        status,
        headers: { ...wait, "content-type": "application/problem+json" },
        body: JSON.stringify({ title: "Refused", status, detail })
      }
    const request = { kind, status, detail, retryAfter: 1 }
    const answer = route.refuse(request, new URLSearchParams(search))
    const headers = { ...wait, "content-type": "application/json", ...answer.headers }
    return { status: answer.status, headers, body: answer.body }
  }
