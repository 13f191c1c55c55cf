/** How long a browser may remember the answer to a preflight, in seconds. */
const MAX_AGE = "86400"

/**
 * Write keys are public and no cookie is read, so every page may send. The origin is named
 * because `sendBeacon` sends with credentials, for which `*` is not enough.
 */
export const corsHeaders = (request: Request): Record<string, string> => {
  const origin = request.headers.get("origin")
  return origin === null
    ? {}
    : {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "retry-after, preference-applied",
        vary: "origin"
      }
}

/** The answer to a preflight: whatever headers the page wants to send, it may. */
export const preflight = (request: Request): Response => {
  const wanted = request.headers.get("access-control-request-headers")
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders(request),
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": wanted ?? "authorization, content-type",
      "access-control-max-age": MAX_AGE
    }
  })
}
