import { Effect, Schema } from "effect"
import { type AttributeValue, kindOf, type Span, STATUS_ERROR } from "./Span.ts"

const { optionalKey } = Schema
const Text = Schema.String
/** 64-bit integers are text in OTLP's JSON, and some write numbers. */
const Integer = Schema.Union([Schema.String, Schema.Number])

const Attributes = Schema.Array(
  Schema.Struct({
    key: Text,
    value: optionalKey(
      Schema.Struct({
        stringValue: optionalKey(Text),
        boolValue: optionalKey(Schema.Boolean),
        intValue: optionalKey(Integer),
        doubleValue: optionalKey(Schema.Number)
      })
    )
  })
)

const JsonSpan = Schema.Struct({
  traceId: Text,
  spanId: Text,
  parentSpanId: optionalKey(Text),
  name: optionalKey(Text),
  kind: optionalKey(Schema.Number),
  startTimeUnixNano: Integer,
  endTimeUnixNano: Integer,
  attributes: optionalKey(Attributes),
  links: optionalKey(Schema.Array(Schema.Struct({ traceId: Text, spanId: Text }))),
  status: optionalKey(
    Schema.Struct({ code: optionalKey(Schema.Number), message: optionalKey(Text) })
  )
})

const Request = Schema.fromJsonString(
  Schema.Struct({
    resourceSpans: optionalKey(
      Schema.Array(
        Schema.Struct({
          resource: optionalKey(Schema.Struct({ attributes: optionalKey(Attributes) })),
          scopeSpans: optionalKey(
            Schema.Array(Schema.Struct({ spans: optionalKey(Schema.Array(JsonSpan)) }))
          )
        })
      )
    )
  })
)

/** The spans of an `ExportTraceServiceRequest` in OTLP's JSON. */
export const readJson = (
  text: string
): Effect.Effect<ReadonlyArray<Span>, Schema.SchemaError> =>
  Effect.map(Schema.decodeUnknownEffect(Request)(text), ({ resourceSpans = [] }) =>
    resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
      const of = attributesOf(resource?.attributes)
      const service = String(of["service.name"] ?? "unknown")
      return scopeSpans
        .flatMap(({ spans = [] }) => spans)
        .map((span) => spanOf(span, service))
    })
  )

const spanOf = (span: typeof JsonSpan.Type, service: string): Span => ({
  traceId: span.traceId.toLowerCase(),
  spanId: span.spanId.toLowerCase(),
  parentSpanId: span.parentSpanId === "" ? undefined : span.parentSpanId?.toLowerCase(),
  name: span.name ?? "",
  kind: kindOf(span.kind ?? 0),
  service,
  start: BigInt(span.startTimeUnixNano),
  end: BigInt(span.endTimeUnixNano),
  attributes: attributesOf(span.attributes),
  links: span.links ?? [],
  error: span.status?.code === STATUS_ERROR ? (span.status.message ?? "") : undefined
})

const attributesOf = (
  given: typeof Attributes.Type = []
): Record<string, AttributeValue> =>
  Object.fromEntries(
    given.map(({ key, value }) => [
      key,
      value?.stringValue ??
        value?.boolValue ??
        value?.doubleValue ??
        (value?.intValue === undefined ? "" : Number(value.intValue))
    ])
  )
