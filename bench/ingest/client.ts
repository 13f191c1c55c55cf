import { requestOf } from "../protocols/requests.ts"

/**
 * Sends by `PROTOCOL` for `SECONDS` over `CONNECTIONS` connections, `EVENTS` a request, and prints one
 * line of JSON: acknowledged events and requests per second, and times in milliseconds.
 */
const url = process.env["URL"] ?? "http://127.0.0.1:4001"
const perRequest = Number(process.env["EVENTS"] ?? 20)
const connections = Number(process.env["CONNECTIONS"] ?? 64)
const seconds = Number(process.env["SECONDS"] ?? 5)
const protocol = process.env["PROTOCOL"] ?? "segment"

const { hostname, port, host } = new URL(url)

/** Made before the clock starts; the receiver keeps no ids, so they may repeat. */
const requests = Array.from({ length: 200 }, (_, n) => {
  const request = requestOf(protocol, n, perRequest)
  const { body, method, target } = request
  const headers = Object.entries({
    host,
    "content-length": String(Buffer.byteLength(body)),
    ...request.headers
  })
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n${body}`)
})

const times: Array<number> = []
let failed = 0
const started = performance.now()
const end = started + seconds * 1000

/**
 * One connection that asks again as soon as it was answered. A bare socket, because on a
 * small machine a client that parses HTTP would take the time it is meant to measure;
 * every answer of interest fits one segment.
 */
const connection = (first: number) =>
  new Promise<void>((resolve, reject) => {
    let n = first
    let sentAt = 0
    let rest: Uint8Array | undefined
    const send = (socket: Bun.Socket<undefined>) => {
      if (performance.now() >= end) return void socket.end()
      sentAt = performance.now()
      const request = requests[n++ % requests.length] ?? new Uint8Array()
      const written = socket.write(request)
      rest = written < request.byteLength ? request.subarray(written) : undefined
    }
    Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open: send,
        drain: (socket) => {
          if (rest === undefined) return
          const written = socket.write(rest)
          rest = written < rest.byteLength ? rest.subarray(written) : undefined
        },
        data: (socket, answer) => {
          // "HTTP/1.1 200"
          if (answer[9] === 0x32) times.push(performance.now() - sentAt)
          else failed++
          send(socket)
        },
        close: () => resolve(),
        error: () => resolve()
      }
    }).catch(reject)
  })

await Promise.all(Array.from({ length: connections }, (_, n) => connection(n)))
const elapsed = (performance.now() - started) / 1000
times.sort((a, b) => a - b)
const quantile = (q: number) => times[Math.floor(times.length * q)]?.toFixed(2)
process.stdout.write(
  `${JSON.stringify({
    eventsPerSecond: Math.round((times.length * perRequest) / elapsed),
    requestsPerSecond: Math.round(times.length / elapsed),
    p50: Number(quantile(0.5)),
    p99: Number(quantile(0.99)),
    failed
  })}\n`
)
