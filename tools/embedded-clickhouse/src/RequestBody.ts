import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, type ZlibOptions } from "node:zlib"
import { engineError } from "./EngineError.ts"

const decompressors: ReadonlyMap<
  string,
  (data: Uint8Array, options: ZlibOptions) => Promise<Buffer>
> = new Map([
  ["gzip", promisify<Uint8Array, ZlibOptions, Buffer>(gunzip)],
  ["deflate", promisify<Uint8Array, ZlibOptions, Buffer>(inflate)],
  ["br", promisify<Uint8Array, ZlibOptions, Buffer>(brotliDecompress)]
])

const tooLarge = (limit: number) =>
  engineError(307, "TOO_MANY_BYTES", `A request body has at most ${limit} bytes`)

/** Bytes of request bodies in memory, over all requests. */
export class BodyBudget {
  readonly #limit: number
  #used = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get used(): number {
    return this.#used
  }

  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw engineError(
        202,
        "TOO_MANY_SIMULTANEOUS_QUERIES",
        "Too many request bodies are being received"
      )
    }
    this.#used += bytes
  }

  give(bytes: number): void {
    this.#used -= bytes
  }
}

export interface BodyLimits {
  /** The longest body, before and after decompression. */
  readonly bytes: number
  /** The longest time for receiving it, ms. */
  readonly ms: number
}

export interface RequestBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Gives its memory back to the budget. */
  readonly release: () => void
}

/** Receives a body whole: an upload that breaks off never reaches the engine. */
export const readBody = async (
  request: Request,
  budget: BodyBudget,
  limits: BodyLimits
): Promise<RequestBody> => {
  let taken = 0
  const take = (bytes: number) => {
    if (taken + bytes > limits.bytes) throw tooLarge(limits.bytes)
    budget.take(bytes)
    taken += bytes
  }
  try {
    const raw = await withTimeout(receive(request, take), limits.ms)
    const encoding = request.headers.get("content-encoding") ?? "identity"
    const bytes = await decompress(raw, encoding, limits.bytes)
    if (bytes !== raw) {
      budget.take(bytes.length)
      taken += bytes.length
    }
    return { bytes, release: () => budget.give(taken) }
  } catch (error) {
    budget.give(taken)
    throw error
  }
}

const receive = async (
  request: Request,
  take: (bytes: number) => void
): Promise<Uint8Array<ArrayBuffer>> => {
  if (request.body === null) return new Uint8Array(0)
  const length = request.headers.get("content-length")
  if (length !== null) {
    take(Number(length))
    return new Uint8Array(await request.arrayBuffer())
  }
  const chunks: Array<Uint8Array> = []
  for await (const chunk of request.body) {
    take(chunk.length)
    chunks.push(chunk)
  }
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

const decompress = async (
  raw: Uint8Array<ArrayBuffer>,
  encoding: string,
  limit: number
): Promise<Uint8Array<ArrayBuffer>> => {
  if (encoding === "identity" || raw.length === 0) return raw
  const decompressor = decompressors.get(encoding)
  if (decompressor === undefined) {
    throw engineError(48, "NOT_IMPLEMENTED", `Content-Encoding ${encoding}`)
  }
  try {
    const output = await decompressor(raw, { maxOutputLength: limit })
    return new Uint8Array(
      output.buffer as ArrayBuffer,
      output.byteOffset,
      output.length
    )
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit)
    throw engineError(
      271,
      "CANNOT_DECOMPRESS",
      "The body is not what its encoding says"
    )
  }
}

const withTimeout = async <A>(work: Promise<A>, ms: number): Promise<A> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(engineError(209, "SOCKET_TIMEOUT", "The body came too slowly")),
    ms
  )
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
