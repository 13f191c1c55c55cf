import { gunzipSync } from "node:zlib"
import { BodyTooLarge, readUpTo } from "@analytics/api-common/JsonBody"

/** Twice what a body may be unpacked: even compressed badly it fits. */
const SLACK = 2

const decoder = new TextDecoder()

export type BodyText =
  | { readonly _tag: "Text"; readonly text: string; readonly bytes: number }
  | { readonly _tag: "TooLarge" }
  | { readonly _tag: "Broken"; readonly reason: string }

/**
 * The text of a body of at most `limit` bytes, unpacked when it starts like gzip, whatever
 * the headers say: RudderStack calls gzipped JSON a form, beacons call JSON text. Bytes
 * that are not UTF-8 become U+FFFD.
 */
export const readText = async (request: Request, limit: number): Promise<BodyText> => {
  let bytes: Uint8Array
  try {
    bytes = await read(request, limit * SLACK)
  } catch (error) {
    if (error instanceof BodyTooLarge) return { _tag: "TooLarge" }
    // The client went away or its chunks are not what HTTP allows.
    return { _tag: "Broken", reason: "the body ended early" }
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: limit })
    } catch (error) {
      return isOverflow(error)
        ? { _tag: "TooLarge" }
        : { _tag: "Broken", reason: "the body starts like gzip but cannot be unpacked" }
    }
  }
  return bytes.byteLength > limit
    ? { _tag: "TooLarge" }
    : { _tag: "Text", text: decoder.decode(bytes), bytes: bytes.byteLength }
}

/** With a length the body is read at once, which costs half as much as its chunks. */
const read = (request: Request, limit: number): Promise<Uint8Array> => {
  const length = request.headers.get("content-length")
  return length !== null && Number(length) <= limit
    ? request.bytes()
    : readUpTo(request, limit)
}

const isOverflow = (error: unknown): boolean =>
  error instanceof RangeError ||
  (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
