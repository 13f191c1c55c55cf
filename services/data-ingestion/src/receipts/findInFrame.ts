import { decodeLine, type InboxEvent } from "@analytics/data-processing/InboxEvent"

const NEWLINE = 0x0a

/**
 * The first event of a frame with this project and messageId. Looks through the bytes, and
 * reads only the lines in which the id stands: a frame may have thousands.
 */
export const findInFrame = (
  frame: Uint8Array,
  projectId: number,
  messageId: string
): InboxEvent | undefined => {
  const lines = Bun.zstdDecompressSync(frame as Uint8Array<ArrayBuffer>)
  const needle = Buffer.from(`"m":${JSON.stringify(messageId)}`)
  let at = lines.indexOf(needle)
  while (at >= 0) {
    const start = lines.lastIndexOf(NEWLINE, at) + 1
    const newline = lines.indexOf(NEWLINE, at)
    const end = newline < 0 ? lines.length : newline
    const event = decodeLine(lines.toString("utf8", start, end))
    if (event.m === messageId && event.p === projectId) return event
    at = lines.indexOf(needle, end)
  }
  return undefined
}
