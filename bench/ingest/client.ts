/**
 * Sends for `SECONDS` over `CONNECTIONS` connections, `EVENTS` a request, and prints one
 * line of JSON: acknowledged events and requests per second, and times in milliseconds.
 */
const url = process.env["URL"] ?? "http://127.0.0.1:4001"
const perRequest = Number(process.env["EVENTS"] ?? 20)
const connections = Number(process.env["CONNECTIONS"] ?? 64)
const seconds = Number(process.env["SECONDS"] ?? 5)

const event = (n: number) => ({
  type: "track",
  event: n % 3 === 0 ? "Order Completed" : "Product Viewed",
  userId: `user-${n % 5000}`,
  messageId: crypto.randomUUID(),
  timestamp: new Date().toISOString(),
  properties: { revenue: 39.9, currency: "USD", products: [{ sku: "A", price: 1.5 }] },
  context: { library: { name: "bench", version: "1" }, page: { path: "/checkout" } }
})

/** Bodies are made before the clock starts; the receiver keeps no ids, so they may repeat. */
const bodies = Array.from({ length: 200 }, (_, request) => {
  const batch = Array.from({ length: perRequest }, (_, n) => event(request * 31 + n))
  return perRequest === 1
    ? JSON.stringify(batch[0])
    : JSON.stringify({ batch, sentAt: new Date().toISOString() })
})
const { hostname, port, host } = new URL(url)
const path = `/v1/${perRequest === 1 ? "track" : "batch"}`
const requests = bodies.map((body) =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Basic ${btoa("bench:")}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
)

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
