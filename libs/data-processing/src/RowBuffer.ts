const encoder = new TextEncoder()

/**
 * Writes rows in ClickHouse's RowBinary format: little-endian numbers, strings and arrays
 * with a varint length before them. Grows as needed.
 */
export class RowBuffer {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  constructor(capacity = 1 << 16) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  /** What was written; a view that the next write may make stale. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Takes back everything after `length`. */
  truncate(length: number): void {
    this.#length = length
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  uint8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  uint64(value: bigint): void {
    this.#reserve(8)
    this.#view.setBigUint64(this.#length, value, true)
    this.#length += 8
  }

  /** Milliseconds since 1970 as a DateTime64(3). */
  dateTime64(ms: number): void {
    this.#reserve(8)
    this.#view.setUint32(this.#length, ms >>> 0, true)
    this.#view.setInt32(this.#length + 4, Math.floor(ms / 4294967296), true)
    this.#length += 8
  }

  /** An unsigned integer given as 32-bit words, low first. */
  words(values: Uint32Array, from: number, count: number): void {
    this.#reserve(count * 4)
    for (let i = 0; i < count; i++) {
      this.#view.setUint32(this.#length, values[from + i] ?? 0, true)
      this.#length += 4
    }
  }

  string(text: string): void {
    const { length } = text
    this.#reserve(length * 3 + 5)
    const bytes = this.#bytes
    const start = this.#length
    if (length < 128) {
      let at = start + 1
      let i = 0
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 0x7f) break
        bytes[at++] = code
      }
      if (i === length) {
        bytes[start] = length
        this.#length = at
        return
      }
    }
    this.#utf8(text)
  }

  /** `JSON.stringify(text)`, the text being anything. */
  jsonString(text: string): void {
    if (!this.#plainJsonString(text)) this.string(JSON.stringify(text))
  }

  /** Writes a short text of ASCII that needs no escape, as most are; else nothing. */
  #plainJsonString(text: string): boolean {
    const { length } = text
    if (length > 125) return false
    this.#reserve(length + 3)
    const bytes = this.#bytes
    const start = this.#length
    let at = start + 2
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7e || code < 0x20 || code === 0x22 || code === 0x5c) return false
      bytes[at++] = code
    }
    bytes[start] = length + 2
    bytes[start + 1] = 0x22
    bytes[at++] = 0x22
    this.#length = at
    return true
  }

  /** A string made of the first bytes of `head` and some of `tail`, both UTF-8. */
  joined(
    head: Uint8Array,
    headLength: number,
    tail: Uint8Array,
    from: number,
    to: number
  ): void {
    const length = headLength + to - from
    this.#reserve(length + 5)
    const bytes = this.#bytes
    let at = this.#length
    if (length < 128) bytes[at++] = length
    else {
      this.#varintAt(at, length)
      at += varintSize(length)
    }
    for (let i = 0; i < headLength; i++) bytes[at++] = head[i] as number
    if (to - from > 64) bytes.set(tail.subarray(from, to), at)
    else for (let i = from, put = at; i < to; i++) bytes[put++] = tail[i] as number
    this.#length = at + to - from
  }

  #utf8(text: string): void {
    const start = this.#length
    // The length is known only afterwards: room for the longest it can be.
    const room = varintSize(text.length * 3)
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start + room))
    const used = varintSize(written)
    if (used < room)
      this.#bytes.copyWithin(start + used, start + room, start + room + written)
    this.#varintAt(start, written)
    this.#length = start + used + written
  }

  /** Begins a map or an array whose size is not known yet. */
  beginSized(): number {
    this.#reserve(1)
    return this.#length++
  }

  /** Ends what `beginSized` began at `start`, with `count` entries. */
  endSized(start: number, count: number): void {
    const used = varintSize(count)
    if (used > 1) {
      this.#reserve(used - 1)
      this.#bytes.copyWithin(start + used, start + 1, this.#length)
      this.#length += used - 1
    }
    this.#varintAt(start, count)
  }

  #varintAt(at: number, value: number): void {
    let rest = value
    let to = at
    while (rest > 0x7f) {
      this.#bytes[to++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[to] = rest
  }
}

const varintSize = (value: number): number =>
  value < 1 << 7
    ? 1
    : value < 1 << 14
      ? 2
      : value < 1 << 21
        ? 3
        : value < 1 << 28
          ? 4
          : 5
