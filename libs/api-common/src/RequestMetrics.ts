import { type Context, Metric } from "effect"

/** Seconds from request to answer, by method, route and status. */
export const requestDuration = Metric.histogram("http.server.request.duration", {
  description: "Time from request to answer",
  attributes: { unit: "s" },
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})

/** What is counted by its own name; anybody may send another word. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

/** Of requests that no route is for. */
const NO_ROUTE = "none"

/** What this needs of a `ManagedRuntime`. */
interface Runtime {
  readonly cachedContext: Context.Context<never> | undefined
}

/** One answer, counted at `performance.now()` `startedAt` and now. */
export type Measure = (
  method: string,
  route: string,
  status: number,
  startedAt: number
) => void

/**
 * Counts requests. Cheap enough for the hot path: the metric of a route and status is
 * looked up once, and there are only as many as there are routes.
 */
export const measureRequests = (runtime: Runtime): Measure => {
  const known = new Map<string, Metric.Metric<number, unknown>>()
  return (method, route, status, startedAt) => {
    const context = runtime.cachedContext
    if (context === undefined) return
    const name = `${status} ${method} ${route}`
    let metric = known.get(name)
    if (metric === undefined) {
      metric = metricOf(method, route, status)
      if (methods.has(method)) known.set(name, metric)
    }
    metric.updateUnsafe((performance.now() - startedAt) / 1000, context)
  }
}

const metricOf = (method: string, route: string, status: number) =>
  Metric.withAttributes(requestDuration, {
    "http.request.method": methods.has(method) ? method : "_OTHER",
    "http.route": route === "" ? NO_ROUTE : route,
    "http.response.status_code": String(status),
    ...(status >= 500 ? { "error.type": String(status) } : {})
  })
