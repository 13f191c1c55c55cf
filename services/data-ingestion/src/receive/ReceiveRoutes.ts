import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { measureRequests } from "@analytics/api-common/RequestMetrics"
import { sent } from "@analytics/api-common/WireSchema"
import { addressIn } from "@analytics/data-processing/addressIn"
import type { ProtocolRoute } from "@analytics/data-processing/protocols/Protocol"
import { unescaped } from "@analytics/data-processing/protocols/plain"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import { Effect, type ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { StoredWatch } from "../inbox/StoredWatch.ts"
import { corsHeaders, preflight } from "./Cors.ts"
import { Answer, refusedResponse, takenResponse, waitOf } from "./ReceiveAnswer.ts"
import { documentationOf, hasVerdicts } from "./ReceiveDocumentation.ts"
import {
  BodyTooLarge,
  InboxUnavailable,
  TooManyEvents,
  UnreadableBody
} from "./ReceiveProblems.ts"
import { Receiver } from "./Receiver.ts"
import { RequestTracing } from "./RequestTracing.ts"

const response = {
  200: sent(Answer),
  400: sent(UnreadableBody),
  401: sent(Unauthorized),
  403: sent(Forbidden),
  413: sent(BodyTooLarge),
  429: sent(TooManyEvents),
  503: sent(InboxUnavailable)
}

interface Services {
  readonly tracing: RequestTracing
  readonly receiver: Receiver["Service"]
  readonly watch: StoredWatch["Service"]
}

/** What these routes need; the runtime has been built before the first request. */
export type ReceiveServices = Receiver | StoredWatch

/** In front of every path, for clients that have no place for a key but their URL. */
const KEY_PREFIX = "/w/:writeKey"

const NO_QUERY = new URLSearchParams()

/**
 * The endpoints of all protocols, with and without a slash at the end, each also behind
 * `/w/<write key>`: a client that knows nothing but a URL needs nothing else.
 *
 * Handlers answer with a finished `Response`: hooks, body parsers and answer encoders of
 * the framework would cost more than the work itself.
 */
export const receiveRoutes = <R, E>(
  runtime: ManagedRuntime.ManagedRuntime<R | ReceiveServices, E>
) => {
  // Listing the routes must not need what is behind them.
  let services: Services | undefined
  const resolve = () => {
    services ??= runtime.runSync(
      Effect.all({
        receiver: Receiver,
        watch: StoredWatch,
        tracing: Effect.map(
          Effect.context<never>(),
          (context) => new RequestTracing(context)
        )
      })
    )
    return services
  }
  const measure = measureRequests(runtime)

  const receive = async (
    route: ProtocolRoute,
    request: Request,
    address: string | undefined,
    keyed: boolean
  ): Promise<Response> => {
    const startedAt = performance.now()
    const { receiver, tracing, watch } = resolve()
    const span = tracing.begin(request, route.path)
    const answered = (response: Response) => {
      measure(request.method, route.path, response.status, startedAt)
      if (span !== undefined) tracing.end(span, response.status)
      return response
    }
    const { headers, method, url } = request
    const cors = corsHeaders(request)
    // The router asks the handler of GET for it; who only looks sends nothing.
    if (method === "HEAD")
      return answered(
        new Response(null, {
          status: 405,
          headers: { ...cors, allow: route.methods.join(", ") }
        })
      )
    // A cache that answered in our place would take events and keep them.
    if (method === "GET") {
      cors["cache-control"] = "no-store"
      cors["vary"] = "origin"
    }
    const wait = waitOf(headers.get("prefer"))
    const at = url.indexOf("?")
    const query = at === -1 ? NO_QUERY : new URLSearchParams(url.slice(at))
    // Server libraries would put their own address and name on every visitor.
    const device =
      route.device === "always" || (route.device === "origin" && headers.has("origin"))
    const { path, pathKey } = pathOf(url, at, keyed)
    const taken = await receiver.receive({
      request,
      route,
      query,
      path,
      pathKey,
      lane: headers.get("x-ingest-lane") === "bulk" ? "bulk" : "live",
      ip: device ? (forwardedFor(headers) ?? address) : undefined,
      userAgent: device
        ? (headers.get("user-agent")?.slice(0, 512) ?? undefined)
        : undefined,
      address,
      wantsRowIds: wait !== undefined,
      span
    })
    if (taken._tag === "Refused")
      return answered(refusedResponse(taken, route, query, route.path, cors))
    const { projectId, rowIds } = taken
    if (wait !== undefined && (await watch.stored(projectId, rowIds, wait)))
      cors["preference-applied"] = `wait=${wait}`
    return answered(takenResponse(taken, cors))
  }

  const app = new Elysia({ tags: ["events"] })
  for (const route of protocolRoutes) {
    // Elysia answers the same path with a slash at its end, too.
    const { methods, path } = route
    const keyed = `${KEY_PREFIX}${path}`
    for (const method of methods) {
      app.route(
        method,
        path,
        ({ request, server }) =>
          receive(route, request, server?.requestIP(request)?.address, false),
        {
          parse: "none",
          detail: documentationOf(route, method),
          ...(hasVerdicts(route) && { response })
        }
      )
      app.route(
        method,
        keyed,
        ({ request, server }) =>
          receive(route, request, server?.requestIP(request)?.address, true),
        { parse: "none", detail: { hide: true } }
      )
    }
    for (const each of [path, keyed])
      app.options(each, ({ request }) => preflight(request), { detail: { hide: true } })
  }
  return app
}

/** What follows the host, without the query, and the key in front of it if it is `keyed`. */
const pathOf = (
  url: string,
  queryAt: number,
  keyed: boolean
): { readonly path: string; readonly pathKey: string | undefined } => {
  const start = url.indexOf("/", url.indexOf("://") + 3)
  const path = url.slice(start, queryAt === -1 ? undefined : queryAt)
  if (!keyed) return { path, pathKey: undefined }
  const end = path.indexOf("/", 3)
  return { path: path.slice(end), pathKey: unescaped(path.slice(3, end)) }
}

/** The first address that proxies noted; a visitor may put any, as in `context.ip`. */
const forwardedFor = (headers: Headers): string | undefined =>
  addressIn(headers.get("x-forwarded-for"))
