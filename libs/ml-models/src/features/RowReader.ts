/** What the rows of a statement carry besides their person and features. */
export interface RowLayout {
  /** How many columns of features. */
  readonly features: number
  /** `label`: rows of `trainingRows`; `ids`: of `scoringRows`. */
  readonly with: "label" | "ids"
}

/** Rows that arrived, by column. */
export interface RowBatch {
  readonly rows: number
  readonly people: BigUint64Array
  /** Empty for scoring. */
  readonly labels: Uint8Array
  readonly columns: ReadonlyArray<Float32Array>
  /** Of scoring: the newest userId, else the newest anonymousId; exactly one is not `""`. */
  readonly ids: ReadonlyArray<PersonId>
}

export interface PersonId {
  readonly userId: string
  readonly anonymousId: string
}

/**
 * Reads RowBinary as it arrives, cut anywhere: each `read` gives the rows that are whole by
 * then. A row is the person (UInt64), the label (Float32) if there is one, the features
 * (Float32), then userId and anonymousId (lengths and bytes) if they are asked for.
 */
export class RowReader {
  private rest = new Uint8Array(0)
  private readonly layout: RowLayout
  /** Bytes of a row without its ids. */
  private readonly width: number

  constructor(layout: RowLayout) {
    this.layout = layout
    this.width = 8 + 4 * (layout.features + (layout.with === "label" ? 1 : 0))
  }

  read(chunk: Uint8Array): RowBatch {
    const bytes = this.joined(chunk)
    const { ends, ids } =
      this.layout.with === "ids" ? this.withIds(bytes) : this.fixed(bytes)
    const used = ends.length === 0 ? 0 : (ends[ends.length - 1] ?? 0)
    const batch = this.batchOf(bytes, ends, ids)
    this.rest = bytes.slice(used)
    return batch
  }

  /** Whether the last row was whole: an answer that was cut off leaves bytes. */
  get isWhole(): boolean {
    return this.rest.length === 0
  }

  private joined(chunk: Uint8Array): Uint8Array {
    if (this.rest.length === 0) return chunk
    const bytes = new Uint8Array(this.rest.length + chunk.length)
    bytes.set(this.rest)
    bytes.set(chunk, this.rest.length)
    return bytes
  }

  private fixed(bytes: Uint8Array) {
    const rows = Math.floor(bytes.length / this.width)
    const ends = new Float64Array(rows)
    for (let row = 0; row < rows; row++) ends[row] = (row + 1) * this.width
    return { ends, ids: [] }
  }

  private withIds(bytes: Uint8Array) {
    const ends: Array<number> = []
    const ids: Array<PersonId> = []
    for (let start = 0; ; ) {
      const userId = textAt(bytes, start + this.width)
      const anonymousId = userId && textAt(bytes, userId.end)
      if (!userId || !anonymousId) return { ends: Float64Array.from(ends), ids }
      ids.push({ userId: userId.text, anonymousId: anonymousId.text })
      ends.push(anonymousId.end)
      start = anonymousId.end
    }
  }

  private batchOf(
    bytes: Uint8Array,
    ends: Float64Array,
    ids: ReadonlyArray<PersonId>
  ): RowBatch {
    const rows = ends.length
    const { features } = this.layout
    const hasLabel = this.layout.with === "label"
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const people = new BigUint64Array(rows)
    const labels = new Uint8Array(hasLabel ? rows : 0)
    const columns = Array.from({ length: features }, () => new Float32Array(rows))
    const skip = hasLabel ? 12 : 8
    let start = 0
    for (let row = 0; row < rows; row++) {
      people[row] = view.getBigUint64(start, true)
      if (hasLabel) labels[row] = view.getFloat32(start + 8, true)
      start = ends[row] ?? start
    }
    // Column by column, so that what is written lies together.
    columns.forEach((column, index) => {
      let at = skip + 4 * index
      for (let row = 0; row < rows; row++) {
        column[row] = view.getFloat32(at, true)
        at = (ends[row] ?? 0) + skip + 4 * index
      }
    })
    return { rows, people, labels, columns, ids }
  }
}

// A mark of byte order is a part of an id: without it the id would be somebody else's.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** A length (7 bits a byte, lowest first) and so many bytes; none if they end too early. */
const textAt = (bytes: Uint8Array, from: number) => {
  let length = 0
  let at = from
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++]
    if (byte === undefined) return undefined
    length += (byte & 127) * scale
    if (byte < 128) break
  }
  const end = at + length
  return end <= bytes.length
    ? { text: decoder.decode(bytes.subarray(at, end)), end }
    : undefined
}
