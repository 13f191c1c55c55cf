import { BinaryReader } from "@bufbuild/protobuf/wire"
import { type AttributeValue, kindOf, type Span, STATUS_ERROR } from "./Span.ts"

type Visit = (field: number, reader: BinaryReader) => boolean

/** Every field of a message; what `visit` does not take is skipped. */
const fields = (reader: BinaryReader, end: number, visit: Visit): void => {
  while (reader.pos < end) {
    const [field, wireType] = reader.tag()
    if (!visit(field, reader)) reader.skip(wireType, field)
  }
}

const message = (reader: BinaryReader, visit: Visit): true => {
  const length = reader.uint32()
  fields(reader, reader.pos + length, visit)
  return true
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** `AnyValue`; lists and maps are not shown. */
const readValue = (reader: BinaryReader): AttributeValue => {
  let value: AttributeValue = ""
  message(reader, (field) => {
    if (field === 1) value = reader.string()
    else if (field === 2) value = reader.bool()
    else if (field === 3) value = Number(reader.int64())
    else if (field === 4) value = reader.double()
    else return false
    return true
  })
  return value
}

const readAttribute = (reader: BinaryReader, into: Record<string, AttributeValue>) => {
  let key = ""
  let value: AttributeValue = ""
  message(reader, (field) => {
    if (field === 1) key = reader.string()
    else if (field === 2) value = readValue(reader)
    else return false
    return true
  })
  into[key] = value
  return true
}

const readLink = (reader: BinaryReader) => {
  const link = { traceId: "", spanId: "" }
  message(reader, (field) => {
    if (field === 1) link.traceId = hex(reader.bytes())
    else if (field === 2) link.spanId = hex(reader.bytes())
    else return false
    return true
  })
  return link
}

const readStatus = (reader: BinaryReader): string | undefined => {
  let text = ""
  let code = 0
  message(reader, (field) => {
    if (field === 2) text = reader.string()
    else if (field === 3) code = reader.int32()
    else return false
    return true
  })
  return code === STATUS_ERROR ? text : undefined
}

const readSpan = (reader: BinaryReader): Omit<Span, "service"> => {
  const links: Array<Span["links"][number]> = []
  const attributes: Record<string, AttributeValue> = {}
  const span = {
    traceId: "",
    spanId: "",
    parent: "",
    name: "",
    kind: 0,
    start: 0n,
    end: 0n,
    error: undefined as string | undefined
  }
  message(reader, (field) => {
    if (field === 1) span.traceId = hex(reader.bytes())
    else if (field === 2) span.spanId = hex(reader.bytes())
    else if (field === 4) span.parent = hex(reader.bytes())
    else if (field === 5) span.name = reader.string()
    else if (field === 6) span.kind = reader.int32()
    else if (field === 7) span.start = BigInt(reader.fixed64())
    else if (field === 8) span.end = BigInt(reader.fixed64())
    else if (field === 9) return readAttribute(reader, attributes)
    else if (field === 13) links.push(readLink(reader))
    else if (field === 15) span.error = readStatus(reader)
    else return false
    return true
  })
  const { kind, parent, ...rest } = span
  return {
    ...rest,
    parentSpanId: parent === "" ? undefined : parent,
    kind: kindOf(kind),
    attributes,
    links
  }
}

/** The spans of an `ExportTraceServiceRequest`. Throws when it is none. */
export const readProtobuf = (bytes: Uint8Array): ReadonlyArray<Span> => {
  const spans: Array<Span> = []
  const reader = new BinaryReader(bytes)
  fields(reader, bytes.length, (field) => {
    if (field !== 1) return false
    const resource: Record<string, AttributeValue> = {}
    const found: Array<Omit<Span, "service">> = []
    message(reader, (of) => {
      if (of === 1)
        return message(reader, (it) => it === 1 && readAttribute(reader, resource))
      if (of !== 2) return false
      return message(reader, (it) => {
        if (it !== 2) return false
        found.push(readSpan(reader))
        return true
      })
    })
    const service = String(resource["service.name"] ?? "unknown")
    spans.push(...found.map((span) => ({ ...span, service })))
    return true
  })
  return spans
}
