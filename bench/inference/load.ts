/** What a load of requests came to. Times are milliseconds. */
export interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const bodyAt = Buffer.from("\r\n\r\n")

/** Bytes of the first answer in `bytes`; undefined while it is not all there. */
const lengthOfAnswer = (bytes: Buffer): number | undefined => {
  const end = bytes.indexOf(bodyAt)
  if (end === -1) return undefined
  const head = bytes.toString("latin1", 0, end)
  if (!head.startsWith("HTTP/1.1 200"))
    throw new Error(`${head}\n${bytes.toString("utf8", end)}`)
  const length = /content-length: (\d+)/iu.exec(head)?.[1]
  if (length === undefined) throw new Error("an answer without content-length")
  const total = end + 4 + Number(length)
  return bytes.byteLength < total ? undefined : total
}

/**
 * Sends the same request again and again over so many connections, each as soon as it has
 * its answer, for that many seconds. Bare sockets: on a small machine whoever asks takes
 * time from whoever answers.
 */
export const load = async (
  port: number,
  request: Uint8Array,
  clients: number,
  seconds: number
): Promise<Load> => {
  const times: Array<number> = []
  const startedAt = performance.now()
  const until = startedAt + 1000 * seconds
  const client = () =>
    new Promise<void>((resolve, reject) => {
      let sentAt = 0
      let answer: Buffer = Buffer.alloc(0)
      let length: number | undefined
      const send = (socket: Bun.Socket) => {
        sentAt = performance.now()
        if (socket.write(request) < request.byteLength)
          throw new Error("the request does not fit a socket")
      }
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          open: send,
          data: (socket, chunk) => {
            answer =
              answer.byteLength === 0
                ? Buffer.from(chunk)
                : Buffer.concat([answer, chunk])
            // Every answer is as long as the first: the request is the same.
            try {
              length ??= lengthOfAnswer(answer)
            } catch (error) {
              reject(error)
              socket.end()
              return
            }
            if (length === undefined || answer.byteLength < length) return
            answer = Buffer.alloc(0)
            const now = performance.now()
            times.push(now - sentAt)
            if (now < until) send(socket)
            else socket.end()
          },
          error: (_, error) => reject(error),
          close: () => resolve()
        }
      }).catch(reject)
    })
  await Promise.all(Array.from({ length: clients }, client))
  const took = (performance.now() - startedAt) / 1000
  const sorted = Float64Array.from(times).sort()
  const at = (share: number) => sorted[Math.floor(share * sorted.length)] ?? Number.NaN
  return { perSecond: times.length / took, p50: at(0.5), p99: at(0.99) }
}
