import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"

/** Thrown within an inspection alone, which answers it. */
export class Unreadable extends Error {}

/**
 * Messages within messages, as protobuf's own C++ reader has it, which refuses what is
 * deeper.
 */
const DEPTH = 100

/**
 * Goes through the fields of messages in foreign bytes. The reader below knows the end of
 * the file alone; this holds every field to the end of the message it is in, and every
 * message to a depth. Each byte is looked at once, and none is copied.
 */
export class ProtoWalk {
  private readonly reader: BinaryReader
  private end: number
  private depth = 0

  constructor(bytes: Uint8Array) {
    this.reader = new BinaryReader(bytes)
    this.end = bytes.length
  }

  /**
   * Calls `visit` with the number of each field of this message. One that it has not read
   * when it comes back is skipped, as is one whose wire type is not what it asks for.
   */
  fields(visit: (field: number) => void) {
    const { reader } = this
    while (reader.pos < this.end) {
      const [field, wire] = reader.tag()
      const start = reader.pos
      this.wire = wire
      visit(field)
      if (reader.pos === start) reader.skip(wire, field)
      if (reader.pos > this.end) throw new Unreadable("A field is cut off.")
    }
  }
  private wire: WireType = WireType.Varint

  /** The fields of the message that this field holds. */
  message(visit: (field: number) => void) {
    this.within(() => this.fields(visit))
  }

  /** The same message again from its begin, when `walk` has gone through it once. */
  twice(first: () => void, second: () => void) {
    this.within(() => {
      const start = this.reader.pos
      first()
      this.reader.pos = start
      second()
    })
  }

  /**
   * A text, cut to `most` bytes; undefined when the field is none. Without NUL, which
   * Postgres cannot keep.
   */
  text(most: number): string | undefined {
    const bytes = this.bytes()
    if (bytes === undefined) return undefined
    return decoder.decode(bytes.subarray(0, most)).replaceAll("\0", "\uFFFD")
  }

  /** What a field of bytes holds, as a view. */
  bytes(): Uint8Array | undefined {
    return this.wire === WireType.LengthDelimited ? this.reader.bytes() : undefined
  }

  /** A whole number; one beyond 2⁵³ is near what it was. */
  integer(): number | undefined {
    return this.wire === WireType.Varint ? Number(this.reader.int64()) : undefined
  }

  /** Whole numbers of a repeated field, packed or not. */
  integers(each: (value: number) => void) {
    if (this.wire === WireType.Varint) each(Number(this.reader.int64()))
    else {
      this.within(() => {
        while (this.reader.pos < this.end) each(Number(this.reader.int64()))
      })
    }
  }

  private within(body: () => void) {
    if (this.wire !== WireType.LengthDelimited) return
    const { reader } = this
    const length = reader.uint32()
    const end = reader.pos + length
    if (end > this.end) throw new Unreadable("A message is longer than what holds it.")
    if (++this.depth > DEPTH) throw new Unreadable("It is nested too deeply.")
    const outer = this.end
    this.end = end
    body()
    if (reader.pos !== end) throw new Unreadable("A field is cut off.")
    this.end = outer
    this.depth--
  }
}

/** A mark of byte order is part of a name: without it, it would be another's. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
