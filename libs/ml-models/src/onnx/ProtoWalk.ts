import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"

/** Thrown within an inspection alone, which answers it. */
export class Unreadable extends Error {}

/**
 * Messages within messages, as protobuf's own C++ reader has it, which refuses what is
 * deeper.
 */
const DEPTH = 100

/**
 * Fields of a file. Exporters write each number of a list as one: a million nodes of trees
 * are ten million of them.
 */
const PARTS = 30_000_000

/**
 * Goes through the fields of messages in foreign bytes. The reader below knows the end of
 * the file alone; this holds every field to the end of the message it is in, and every
 * message to a depth. Each byte is looked at once, and none is copied.
 */
export class ProtoWalk {
  private readonly reader: BinaryReader
  private end: number
  private depth = 0
  private left = PARTS

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
      const tag = reader.uint32()
      const start = reader.pos
      const field = tag >>> 3
      if (field === 0) throw new Unreadable("A field has no number.")
      if (--this.left < 0) throw new Unreadable("It has more parts than can be.")
      this.wire = tag & 7
      visit(field)
      if (reader.pos === start) this.skip(field)
      if (reader.pos > this.end) throw new Unreadable("A field is cut off.")
    }
  }
  private wire = 0

  /** As the reader's own, which makes a view of each: that takes longer than reading it. */
  private skip(field: number) {
    const { reader, wire } = this
    if (wire === WireType.LengthDelimited) {
      const length = reader.uint32()
      reader.pos += length
    } else if (wire === WireType.Varint) reader.uint32()
    else if (wire === WireType.Bit32) reader.pos += 4
    else if (wire === WireType.Bit64) reader.pos += 8
    else if (wire === WireType.StartGroup) reader.skip(wire, field)
    else throw new Unreadable("A field is of no kind that there is.")
  }

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
    return bytes === undefined ? undefined : textOf(bytes.subarray(0, most))
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

/** Names are short and plain, and decoding by the built-in costs more than reading them. */
const textOf = (bytes: Uint8Array): string => {
  let text = ""
  if (bytes.length <= 32) {
    for (const byte of bytes) {
      if (byte === 0 || byte > 0x7f) return decoded(bytes)
      text += String.fromCharCode(byte)
    }
    return text
  }
  return decoded(bytes)
}

const decoded = (bytes: Uint8Array) => decoder.decode(bytes).replaceAll("\0", "\uFFFD")

/** A mark of byte order is part of a name: without it, it would be another's. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
