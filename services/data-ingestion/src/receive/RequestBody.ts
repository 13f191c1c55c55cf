import { gunzipSync } from "node:zlib"
import { BodyTooLarge, readUpTo } from "@analytics/api-common/JsonBody"

/** Twice what a body may be unpacked: even compressed badly it fits. */
const SLACK = 2

/** Milliseconds in which a body must have come; slow phones send little. */
const PATIENCE = 30_000

const decoder = new TextDecoder()

export type BodyText =
  | { readonly _tag: "Text"; readonly text: string; readonly bytes: number }
  | { readonly _tag: "TooLarge" }
  | { readonly _tag: "NoRoom" }
  | { readonly _tag: "Late" }
  | { readonly _tag: "Broken"; readonly reason: string }

/** The bytes to hold for a body while it is read: its length, if it says it. */
export const heldBy = (request: Request, limit: number): number => {
  const length = request.headers.get("content-length")
  const declared = length === null ? Number.NaN : Number(length)
  return declared <= limit * SLACK ? declared : limit
}

/** Whether there is room for a body of so many bytes, of which some have come. */
export type Grow = (bytes: number) => boolean

/** A body of which no more is counted before it has come. */
export const SMALL_BODY = 128 * 1024

/**
 * The text of a body of at most `limit` bytes, unpacked when it starts like gzip, whatever
 * the headers say: RudderStack calls gzipped JSON a form, beacons call JSON text. Bytes
 * that are not UTF-8 become U+FFFD. `patience` is in milliseconds. `grow` is asked before
 * more than `SMALL_BODY` is held, and for what is unpacked.
 */
export const readText = async (
  request: Request,
  limit: number,
  {
    grow,
    patience = PATIENCE
  }: { readonly grow?: Grow; readonly patience?: number } = {}
): Promise<BodyText> => {
  let bytes: Uint8Array
  try {
    bytes = await inTime(read(request, limit * SLACK, grow), patience)
  } catch (error) {
    if (error instanceof BodyTooLarge) return { _tag: "TooLarge" }
    if (error instanceof NoRoom) return { _tag: "NoRoom" }
    if (error instanceof TooSlow) return { _tag: "Late" }
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
  if (bytes.byteLength > limit) return { _tag: "TooLarge" }
  if (grow?.(bytes.byteLength) === false) return { _tag: "NoRoom" }
  return { _tag: "Text", text: decoder.decode(bytes), bytes: bytes.byteLength }
}

/** With a length the body is read at once, which costs half as much as its chunks. */
const read = (request: Request, limit: number, grow?: Grow): Promise<Uint8Array> => {
  const length = request.headers.get("content-length")
  const known = length === null ? Number.NaN : Number(length)
  if (grow !== undefined && !(known <= SMALL_BODY))
    return readUpTo(request, limit, (size) => {
      if (!grow(size)) throw new NoRoom()
    })
  return known <= limit ? request.bytes() : readUpTo(request, limit)
}

class NoRoom extends Error {}

class TooSlow extends Error {}

/** A client that sends a byte a minute must not hold memory for ever. */
const inTime = async (
  body: Promise<Uint8Array>,
  patience: number
): Promise<Uint8Array> => {
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow()), patience)
  })
  try {
    return await Promise.race([body, late])
  } finally {
    clearTimeout(timer)
  }
}

const isOverflow = (error: unknown): boolean =>
  error instanceof RangeError ||
  (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
