import { spanOf } from "@analytics/observability/traceparent"
import { Context, Exit, Option, Tracer } from "effect"

/** Anybody may ask for a trace; spans of more requests than this in a second are not made. */
const MOST_A_SECOND = 200

/**
 * Server spans for requests whose caller sends a sampled `traceparent`, and for no others:
 * one costs as much as the rest of the work. What it costs is bounded, whoever asks.
 */
export class RequestTracing {
  readonly #tracer: Tracer.Tracer
  readonly #collected: boolean
  #second = 0
  #made = 0

  constructor(context: Context.Context<never>) {
    this.#tracer = Context.get(context, Tracer.Tracer)
    this.#collected = this.#tracer !== Tracer.nativeTracer
  }

  begin(request: Request, route: string): Tracer.Span | undefined {
    if (!this.#collected) return undefined
    const parent = spanOf(request.headers.get("traceparent"))
    if (parent?.sampled !== true || !this.#isAllowed()) return undefined
    const span = this.#tracer.span({
      name: `${request.method} ${route}`,
      parent: Option.some(parent),
      annotations: Context.empty(),
      links: [],
      startTime: now(),
      kind: "server",
      root: false,
      sampled: true
    })
    span.attribute("http.request.method", request.method)
    span.attribute("http.route", route)
    return span
  }

  end(span: Tracer.Span, status: number): void {
    span.attribute("http.response.status_code", status)
    if (status >= 500) span.attribute("error.type", String(status))
    span.end(now(), status >= 500 ? Exit.fail(`answered ${status}`) : Exit.void)
  }

  #isAllowed(): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#made = 0
    }
    return this.#made++ < MOST_A_SECOND
  }
}

/** Nanoseconds since 1970, by the clock that Effect's spans have too. */
const now = (): bigint =>
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
