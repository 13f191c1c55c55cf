import { durationOf } from "./Span.ts"
import type { Trace } from "./TraceStore.ts"

/** Which traces are shown; all of them without any. */
export interface Filter {
  readonly service?: string | undefined
  /** Milliseconds that the whole took at least. */
  readonly slow?: number | undefined
  readonly errors?: boolean | undefined
  /** The beginning of its id. */
  readonly trace?: string | undefined
  /** Part of the name of one of its spans. */
  readonly name?: string | undefined
}

export const isShown = ({ spans, traceId }: Trace, filter: Filter): boolean => {
  const { errors, name, service, slow, trace } = filter
  if (trace !== undefined && !traceId.startsWith(trace.toLowerCase())) return false
  if (service !== undefined && !spans.some((span) => span.service === service))
    return false
  if (name !== undefined && !spans.some((span) => span.name.includes(name)))
    return false
  if (errors === true && !spans.some(({ error }) => error !== undefined)) return false
  return slow === undefined || spans.some((span) => durationOf(span) >= slow)
}
