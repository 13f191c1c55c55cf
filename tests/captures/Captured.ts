import { gzipSync } from "node:zlib"

/** A request as an official client library sent it, noted by a server that took it. */
export interface Captured {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly wire_bytes: number
  readonly gzip_magic: boolean
  readonly body: unknown
  /** Milliseconds after the client began. */
  readonly t_ms: number
}

export const captureNames = [
  "amplitude",
  "mixpanel",
  "plausible",
  "posthog",
  "posthogflags",
  "posthogv1",
  "rudder",
  "segment",
  "snowplow",
  "snowplowget",
  "umami"
] as const

export type CaptureName = (typeof captureNames)[number]

export const capturesOf = async (name: CaptureName): Promise<ReadonlyArray<Captured>> =>
  Bun.file(`${import.meta.dir}/requests/${name}.json`).json()

/** The path with its query, as it stood in the first line of the request. */
export const targetOf = ({ path, query }: Captured): string => {
  const sent = new URLSearchParams()
  // What the server made of a value is not what was sent.
  for (const [name, value] of Object.entries(query))
    if (typeof value === "string") sent.set(name, value)
  const text = sent.toString()
  return text === "" ? path : `${path}?${text}`
}

/** The body, unpacked, byte by byte as it was sent. */
export const textOf = ({ body, headers }: Captured): string => {
  if (body === "" || body === null) return ""
  const isForm = headers["content-type"]?.startsWith(
    "application/x-www-form-urlencoded"
  )
  if (isForm && typeof body === "object" && "data" in body)
    return `data=${encodeURIComponent(String(body.data))}`
  return JSON.stringify(body)
}

/** The body on the wire: packed where the client packed it. */
export const bytesOf = (captured: Captured): Uint8Array<ArrayBuffer> => {
  const text = Buffer.from(textOf(captured))
  return new Uint8Array(captured.gzip_magic ? gzipSync(text) : text)
}

/** The headers that the client chose, and not those of one connection. */
export const headersOf = ({ headers }: Captured): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !["connection", "content-length", "host"].includes(name)
    )
  )
