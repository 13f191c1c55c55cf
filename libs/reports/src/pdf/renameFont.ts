/** Where the entry of a table stands in the directory of a TrueType file. */
const entryOf = (view: DataView, name: string): number => {
  for (let at = 12; at < 12 + view.getUint16(4) * 16; at += 16) {
    let same = true
    for (let index = 0; index < 4; index++)
      same &&= view.getUint8(at + index) === name.charCodeAt(index)
    if (same) return at
  }
  throw new Error(`a font has no table ${name}`)
}

/** A table `name` with the names of a font in English. */
const nameTable = (family: string, style: string): Uint8Array => {
  const names: ReadonlyArray<readonly [number, string]> = [
    [1, family],
    [2, style],
    [4, `${family} ${style}`],
    [6, `${family}-${style}`.replaceAll(" ", "")]
  ]
  const texts = names.map(([, text]) => text).join("")
  const start = 6 + names.length * 12
  const table = new DataView(new ArrayBuffer(start + texts.length * 2))
  table.setUint16(2, names.length)
  table.setUint16(4, start)
  let offset = 0
  for (const [index, [id, text]] of names.entries()) {
    // Windows, Unicode, English of the United States.
    for (const [field, value] of [3, 1, 0x409, id, text.length * 2, offset].entries())
      table.setUint16(6 + index * 12 + field * 2, value)
    offset += text.length * 2
  }
  for (let index = 0; index < texts.length; index++)
    table.setUint16(start + index * 2, texts.charCodeAt(index))
  return new Uint8Array(table.buffer)
}

/**
 * A TrueType font under another name: a font of the same name that a machine has cannot
 * stand in for it.
 */
export const renameFont = (
  bytes: Uint8Array,
  family: string,
  style: string
): Uint8Array => {
  const table = nameTable(family, style)
  const at = (bytes.byteLength + 3) & ~3
  const renamed = new Uint8Array(at + table.byteLength)
  renamed.set(bytes)
  renamed.set(table, at)
  const view = new DataView(renamed.buffer)
  const entry = entryOf(view, "name")
  view.setUint32(entry + 8, at)
  view.setUint32(entry + 12, table.byteLength)
  return renamed
}
