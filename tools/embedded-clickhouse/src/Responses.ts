import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { type EngineError, httpStatus, toEngineError } from "./EngineError.ts"
import type { Execution } from "./EngineWorker.ts"
import { contentType } from "./Formats.ts"
import type { Statistics } from "./Statistics.ts"

export interface ServerIdentity {
  readonly version: string
  readonly timezone: string
}

export const baseHeaders = (identity: ServerIdentity, queryId: string) => ({
  "X-ClickHouse-Server-Display-Name": "embedded",
  "X-ClickHouse-Query-Id": queryId,
  "X-ClickHouse-Timezone": identity.timezone
})

export type BaseHeaders = ReturnType<typeof baseHeaders>

export const errorText = (error: EngineError, version: string): string =>
  /\(version [^)]*\)\s*$/.test(error.message)
    ? `${error.message.trimEnd()}\n`
    : `${error.message.trimEnd()} (version ${version} (embedded))\n`

export const errorResponse = (
  error: EngineError,
  identity: ServerIdentity,
  base: BaseHeaders
): Response => {
  const status = httpStatus(error.code)
  return new Response(errorText(error, identity.version), {
    status,
    headers: {
      ...base,
      "X-ClickHouse-Exception-Code": String(error.code),
      "Content-Type": "text/plain; charset=UTF-8",
      ...(status === 503 || status === 429 ? { "Retry-After": "1" } : {}),
      ...(status === 401 ? { "WWW-Authenticate": 'Basic realm="ClickHouse"' } : {})
    }
  })
}

/** The X-ClickHouse-Summary header. */
export const summary = (statistics: Statistics, elapsedMs: number): string =>
  JSON.stringify({
    read_rows: String(statistics.rowsRead),
    read_bytes: String(statistics.bytesRead),
    written_rows: String(statistics.rowsWritten),
    written_bytes: String(statistics.bytesWritten),
    total_rows_to_read: "0",
    result_rows: String(statistics.resultRows || statistics.rowsWritten),
    result_bytes: "0",
    elapsed_ns: String(Math.round(elapsedMs * 1e6))
  })

/** The answer to an INSERT, when the engine has stored the data. */
export const insertResponse = async (
  execution: Execution,
  base: BaseHeaders,
  startedAt: number
): Promise<Response> => {
  await execution.next()
  const elapsed = performance.now() - startedAt
  return new Response("", {
    headers: { ...base, "X-ClickHouse-Summary": summary(execution.statistics, elapsed) }
  })
}

const deflated = promisify<Uint8Array, Buffer>(gzip)

export interface ResultOptions {
  readonly base: BaseHeaders
  readonly format: string
  readonly compress: boolean
  readonly startedAt: number
  readonly identity: ServerIdentity
  /** The client went away, or the result ended. */
  readonly onCancel: () => void
}

/**
 * A result as an answer: at once when it is one block (or none), else as a stream that
 * asks the engine for a block when the client has taken the last.
 */
export const resultResponse = async (
  execution: Execution,
  options: ResultOptions
): Promise<Response> => {
  const first = await execution.next()
  const second = first === undefined ? undefined : await execution.next()
  const headers = {
    ...options.base,
    "Content-Type": contentType(options.format),
    "X-ClickHouse-Format": options.format,
    "X-ClickHouse-Summary": summary(
      execution.statistics,
      performance.now() - options.startedAt
    ),
    ...(options.compress ? { "Content-Encoding": "gzip" } : {})
  }
  if (second === undefined) {
    const bytes = first ?? new ArrayBuffer(0)
    const body = options.compress ? await deflated(new Uint8Array(bytes)) : bytes
    return new Response(body, { headers })
  }
  const tag = crypto.randomUUID().replaceAll("-", "").slice(0, 16)
  const ready = [first, second].filter((block) => block !== undefined)
  const stream = blockStream(execution, ready, tag, options)
  return new Response(
    options.compress ? stream.pipeThrough(new CompressionStream("gzip")) : stream,
    { headers: { ...headers, "X-ClickHouse-Exception-Tag": tag } }
  )
}

const blockStream = (
  execution: Execution,
  ready: Array<ArrayBuffer>,
  tag: string,
  options: ResultOptions
): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream(
    {
      async pull(controller) {
        try {
          const block = ready.shift() ?? (await execution.next())
          if (block === undefined) controller.close()
          else controller.enqueue(new Uint8Array(block))
        } catch (error) {
          const text = errorText(toEngineError(error), options.identity.version)
          controller.enqueue(lateException(text, tag))
          controller.close()
        }
      },
      cancel: options.onCancel
    },
    { highWaterMark: 0 }
  )

/** An error after the first bytes, in the form clients know from 25.11 on. */
const lateException = (text: string, tag: string): Uint8Array<ArrayBuffer> => {
  const length = Buffer.byteLength(text)
  return new Uint8Array(
    Buffer.from(
      `\r\n__exception__\r\n${tag}\r\n${text}${length} ${tag}\r\n__exception__\r\n`
    )
  )
}
