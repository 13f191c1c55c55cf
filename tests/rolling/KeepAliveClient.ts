import { connect, type Socket } from "node:net"

export interface Answer {
  /** 0: the connection was refused, or ended before the whole answer was there. */
  readonly status: number
  readonly body: string
  readonly headers: string
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly key?: string
  readonly body?: object
}

const NO_ANSWER: Answer = { status: 0, body: "", headers: "" }
const PATIENCE_MS = 60_000

/**
 * HTTP/1.1 on one connection that is kept for the next request and never resends: what
 * `fetch` hides by trying again is seen here as a request without an answer.
 */
export const keepAliveClient = (host: string, port: number) => {
  let socket: Socket | undefined

  const opened = () =>
    new Promise<Socket | undefined>((resolve) => {
      const made = connect(port, host)
      made.once("connect", () => resolve(made))
      made.once("error", () => resolve(undefined))
      made.on("close", () => {
        if (socket === made) socket = undefined
      })
    })

  const answerOf = (on: Socket) =>
    new Promise<Answer>((resolve) => {
      let received = Buffer.alloc(0)
      const end = (answer: Answer) => {
        clearTimeout(timer)
        on.off("data", onData)
        on.off("close", onClose)
        resolve(answer)
      }
      const onData = (bytes: Buffer) => {
        received = Buffer.concat([received, bytes])
        const answer = wholeAnswer(received)
        if (answer !== undefined) end(answer)
      }
      const onClose = () => end(NO_ANSWER)
      const timer = setTimeout(onClose, PATIENCE_MS)
      on.on("data", onData)
      on.on("close", onClose)
    })

  return {
    ask: async ({ body, key, method, path }: Request): Promise<Answer> => {
      socket ??= await opened()
      const on = socket
      if (on === undefined) return NO_ANSWER
      const text = body === undefined ? "" : JSON.stringify(body)
      const answer = answerOf(on)
      on.write(
        [
          `${method} ${path} HTTP/1.1`,
          "host: analytics.test",
          ...(key === undefined ? [] : [`authorization: Bearer ${key}`]),
          "content-type: application/json",
          `content-length: ${Buffer.byteLength(text)}`,
          "",
          text
        ].join("\r\n")
      )
      const found = await answer
      if (found.status === 0 || /^connection: close/im.test(found.headers)) {
        if (socket === on) socket = undefined
        on.destroy()
      }
      return found
    },
    close: () => socket?.destroy()
  }
}

/** The answer once all of it is there. */
const wholeAnswer = (bytes: Buffer): Answer | undefined => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const headers = bytes.subarray(0, end).toString("latin1")
  const status = Number(headers.split(" ")[1])
  const rest = bytes.subarray(end + 4)
  if (/^transfer-encoding: chunked/im.test(headers))
    return rest.toString("latin1").endsWith("0\r\n\r\n")
      ? { status, headers, body: unchunked(rest) }
      : undefined
  const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1] ?? 0)
  if (rest.length < length) return undefined
  return { status, headers, body: rest.subarray(0, length).toString("utf8") }
}

const unchunked = (bytes: Buffer): string => {
  const parts: Array<Buffer> = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf("\r\n", at)
    const size = Number.parseInt(bytes.subarray(at, line).toString("latin1"), 16)
    if (!(size > 0)) return Buffer.concat(parts).toString("utf8")
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
