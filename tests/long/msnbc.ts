import { inflateRawSync } from "node:zlib"

/** The only entry of a zip file, unpacked. */
const unzipped = (zip: Buffer): Buffer => {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const directory = zip.readUInt32LE(end + 16)
  const size = zip.readUInt32LE(directory + 20)
  const header = zip.readUInt32LE(directory + 42)
  const data =
    header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
  return inflateRawSync(zip.subarray(data, data + size))
}

const names = (
  "frontpage news tech local opinion on-air misc weather msn-news health living " +
  "business msn-sports sports summary bbs travel"
).split(" ")

/**
 * Writes the visits of MSNBC's log as page views, one JSON object a line, and counts them
 * by category. The log has an order but no times: each view comes 30 s after the last.
 */
export const writeMsnbc = async (zip: string, file: string) => {
  const text = unzipped(Buffer.from(await Bun.file(zip).arrayBuffer())).toString(
    "latin1"
  )
  const byCategory = new Map<string, number>()
  const start = Date.parse("1999-09-28T00:00:00Z")
  const writer = Bun.file(file).writer({ highWaterMark: 4 * 1024 * 1024 })
  let views = 0
  let visitor = 0
  for (const line of text.split("\n")) {
    if (!/^\d[\d ]*\s*$/.test(line)) continue
    visitor++
    line
      .trim()
      .split(" ")
      .forEach((code, step) => {
        const category = names[Number(code) - 1] ?? code
        byCategory.set(category, (byCategory.get(category) ?? 0) + 1)
        views++
        const timestamp = new Date(start + (visitor % 600) * 1000 + step * 30_000)
        const event = { type: "page", anonymousId: `v${visitor}`, timestamp }
        writer.write(`${JSON.stringify({ ...event, properties: { category } })}\n`)
      })
    if (visitor % 10_000 === 0) await writer.flush()
  }
  await writer.end()
  return { views, byCategory }
}
