import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { measureRequests } from "@analytics/api-common/RequestMetrics"
import { sent } from "@analytics/api-common/WireSchema"
import { endpoints } from "@analytics/data-processing/segment/SegmentRequest"
import { Effect, type ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { StoredWatch } from "../inbox/StoredWatch.ts"
import { corsHeaders, preflight } from "./Cors.ts"
import { Answer, refusedResponse, takenResponse, waitOf } from "./ReceiveAnswer.ts"
import { documentation } from "./ReceiveDocumentation.ts"
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

/**
 * The Segment protocol, which RudderStack speaks too: `/v1/track` … `/v1/batch`, and the
 * letters that browsers use, with and without a slash at the end.
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
  const app = new Elysia({ tags: ["events"] })
  for (const [segment, endpoint] of Object.entries(endpoints)) {
    const letter = segment.length === 1
    // Elysia answers the same path with a slash at its end, too.
    const path = `/v1/${segment}`
    app.post(
      path,
      async ({ request, server }) => {
        const startedAt = performance.now()
        const { receiver, tracing, watch } = resolve()
        const span = tracing.begin(request, path)
        const answered = (response: Response) => {
          measure("POST", path, response.status, startedAt)
          if (span !== undefined) tracing.end(span, response.status)
          return response
        }
        const { headers } = request
        const cors = corsHeaders(request)
        const wait = waitOf(headers.get("prefer"))
        // Server libraries would put their own address and name on every visitor.
        const device = letter || headers.has("origin")
        const taken = await receiver.receive({
          request,
          endpoint,
          lane: headers.get("x-ingest-lane") === "bulk" ? "bulk" : "live",
          ip: device
            ? (forwardedFor(headers) ?? server?.requestIP(request)?.address)
            : undefined,
          userAgent: device
            ? (headers.get("user-agent")?.slice(0, 512) ?? undefined)
            : undefined,
          wantsRowIds: wait !== undefined,
          span
        })
        if (taken._tag === "Refused")
          return answered(refusedResponse(taken, path, cors))
        const { projectId, rowIds } = taken
        if (wait !== undefined && (await watch.stored(projectId, rowIds, wait)))
          cors["preference-applied"] = `wait=${wait}`
        return answered(takenResponse(taken, cors))
      },
      {
        parse: "none",
        response,
        detail: {
          ...documentation[endpoint],
          // One entry a kind is enough to read.
          ...(letter ? { hide: true } : {})
        }
      }
    )
    app.options(path, ({ request }) => preflight(request), { detail: { hide: true } })
  }
  return app
}

/** The first address that proxies noted; a visitor may put any, as in `context.ip`. */
const forwardedFor = (headers: Headers): string | undefined => {
  const [first] = (headers.get("x-forwarded-for") ?? "").split(",")
  const address = first?.trim().slice(0, 45)
  return address === "" ? undefined : address
}
