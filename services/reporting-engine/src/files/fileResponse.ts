import { createHash } from "node:crypto"
import { byteRange, hasTag } from "./byteRange.ts"
import { contentDisposition } from "./downloadName.ts"

interface File {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** How it is saved. */
  readonly download: string
}

/** What a client asked with, by names in lower case. */
type Asked = Readonly<Record<string, string | undefined>>

/**
 * A file as an answer: never shown as anything else than it is, nor kept by strangers. What
 * the client has already it gets no more of, and of the rest as much as it asks for.
 */
export const fileResponse = (
  { bytes, download, mediaType }: File,
  {
    asked = {},
    more = {}
  }: { readonly asked?: Asked; readonly more?: Readonly<Record<string, string>> } = {}
): Response => {
  const tag = `"${createHash("sha256").update(bytes).digest("hex")}"`
  const headers = new Headers(more)
  const set = (fields: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(fields)) headers.set(name, value)
  }
  set({
    etag: tag,
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    // The page brings everything with it and needs no script.
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
  })
  if (hasTag(asked["if-none-match"], tag))
    return new Response(null, { status: 304, headers })
  // Parts of an older file and of this one make none.
  const isSame = (asked["if-range"] ?? tag).trim() === tag
  const part = isSame ? byteRange(asked["range"], bytes.byteLength) : undefined
  if (part === null) {
    set({ "content-range": `bytes */${bytes.byteLength}` })
    return new Response(null, { status: 416, headers })
  }
  const isPage = mediaType.startsWith("text/html")
  set({
    "content-type": mediaType,
    "content-disposition": contentDisposition(
      isPage ? "inline" : "attachment",
      download
    )
  })
  if (part === undefined) return new Response(new Uint8Array(bytes), { headers })
  const { first, last } = part
  set({ "content-range": `bytes ${first}-${last}/${bytes.byteLength}` })
  const body = new Uint8Array(bytes.subarray(first, last + 1))
  return new Response(body, { status: 206, headers })
}
