/** A value of an attribute, as far as it is shown. */
export type AttributeValue = string | number | boolean

/** A span as it was received, of whichever encoding. Ids are lower-case hex. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: SpanKind
  readonly service: string
  /** Nanoseconds since 1970. */
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Traces of spans that it is tied to. */
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  /** What it failed with; undefined when it did not. */
  readonly error: string | undefined
}

export const spanKinds = [
  "unspecified",
  "internal",
  "server",
  "client",
  "producer",
  "consumer"
] as const
export type SpanKind = (typeof spanKinds)[number]

export const kindOf = (number: number): SpanKind => spanKinds[number] ?? "unspecified"

/** `Status.StatusCode` of OTLP. */
export const STATUS_ERROR = 2

/** Milliseconds. */
export const durationOf = ({ end, start }: Span): number => Number(end - start) / 1e6
