/** What a TrueType file says of widths. */
export interface TrueType {
  /** Of a code point, in em; undefined when the font has no such character. */
  readonly advance: (codePoint: number) => number | undefined
}

/** Tables of the file by tag. */
const tablesOf = (view: DataView): ReadonlyMap<string, number> => {
  const tables = new Map<string, number>()
  for (let at = 12; at < 12 + view.getUint16(4) * 16; at += 16) {
    const tag = String.fromCharCode(
      view.getUint8(at),
      view.getUint8(at + 1),
      view.getUint8(at + 2),
      view.getUint8(at + 3)
    )
    tables.set(tag, view.getUint32(at + 8))
  }
  return tables
}

type Glyphs = (codePoint: number) => number

/** Format 4: the Basic Multilingual Plane, in segments. */
const segmented = (view: DataView, at: number): Glyphs => {
  const twice = view.getUint16(at + 6)
  const starts = at + 16 + twice
  return (codePoint) => {
    if (codePoint > 0xffff) return 0
    for (let segment = 0; segment < twice; segment += 2) {
      if (view.getUint16(at + 14 + segment) < codePoint) continue
      const start = view.getUint16(starts + segment)
      if (start > codePoint) return 0
      const delta = view.getUint16(starts + twice + segment)
      const offsetAt = starts + 2 * twice + segment
      const offset = view.getUint16(offsetAt)
      if (offset === 0) return (codePoint + delta) & 0xffff
      const glyph = view.getUint16(offsetAt + offset + 2 * (codePoint - start))
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff
    }
    return 0
  }
}

/** Format 12: all planes, in groups. */
const grouped = (view: DataView, at: number): Glyphs => {
  const groups = view.getUint32(at + 12)
  return (codePoint) => {
    let [low, high] = [0, groups - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const group = at + 16 + middle * 12
      if (codePoint < view.getUint32(group)) high = middle - 1
      else if (codePoint > view.getUint32(group + 4)) low = middle + 1
      else return view.getUint32(group + 8) + codePoint - view.getUint32(group)
    }
    return 0
  }
}

const glyphsOf = (view: DataView, cmap: number): Glyphs => {
  const found = new Map<number, number>()
  for (let record = 0; record < view.getUint16(cmap + 2); record++) {
    const at = cmap + view.getUint32(cmap + 4 + record * 8 + 4)
    found.set(view.getUint16(at), at)
  }
  const [all, plane] = [found.get(12), found.get(4)]
  if (all !== undefined) return grouped(view, all)
  return plane === undefined ? () => 0 : segmented(view, plane)
}

/** Reads the widths of characters from the bytes of a TrueType file. */
export const readTrueType = (bytes: Uint8Array): TrueType => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tables = tablesOf(view)
  const at = (tag: string): number => {
    const found = tables.get(tag)
    if (found === undefined) throw new Error(`no table ${tag} in this font`)
    return found
  }
  const em = view.getUint16(at("head") + 18)
  const metrics = view.getUint16(at("hhea") + 34)
  const widths = at("hmtx")
  const glyphs = glyphsOf(view, at("cmap"))
  return {
    advance: (codePoint) => {
      const glyph = glyphs(codePoint)
      return glyph === 0
        ? undefined
        : view.getUint16(widths + Math.min(glyph, metrics - 1) * 4) / em
    }
  }
}
