import { connect, createServer, type Server } from "node:net"

/** How often the endpoints are looked at, in milliseconds. */
const PROBE_MS = 50

interface Endpoint {
  readonly port: number
  /** What the last probe said, and since when. */
  ready: boolean
  since: number
}

/**
 * A Service of Kubernetes as kube-proxy makes it: each new connection goes to the next
 * endpoint and stays with it. Endpoints follow `/readyz`, and the word of it takes
 * `propagationMs` to arrive, so for so long connections still go to a process that ends.
 */
export const clusterService = async (propagationMs: number) => {
  const endpoints = new Map<number, Endpoint>()
  let routed: ReadonlyArray<number> = []
  let next = 0

  const probe = async (endpoint: Endpoint) => {
    const ready = await fetch(`http://127.0.0.1:${endpoint.port}/readyz`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(5000)
    }).then(
      ({ status }) => status === 200,
      () => false
    )
    if (ready === endpoint.ready) return
    endpoint.ready = ready
    endpoint.since = performance.now()
    setTimeout(() => {
      if (endpoint.ready !== ready) return
      const others = routed.filter((port) => port !== endpoint.port)
      routed = ready ? [...others, endpoint.port] : others
    }, propagationMs)
  }
  let probing = true
  const probes = (async () => {
    while (probing) {
      await Promise.all([...endpoints.values()].map(probe))
      await Bun.sleep(PROBE_MS)
    }
  })()

  const server: Server = createServer((client) => {
    const port = routed[next++ % Math.max(routed.length, 1)]
    if (port === undefined) return client.destroy()
    const upstream = connect(port, "127.0.0.1")
    client.on("error", () => upstream.destroy())
    upstream.on("error", () => client.destroy())
    client.pipe(upstream).pipe(client)
    client.on("close", () => upstream.destroy())
    upstream.on("close", () => client.destroy())
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") reject(new Error("no port"))
      else resolve(address.port)
    })
  })

  const until = async (isSo: () => boolean, what: string, timeoutMs = 240_000) => {
    const end = Date.now() + timeoutMs
    while (!isSo()) {
      if (Date.now() > end) throw new Error(`${what} after ${timeoutMs} ms`)
      await Bun.sleep(10)
    }
  }

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** Ends when connections go to it. */
    add: async (to: number) => {
      endpoints.set(to, { port: to, ready: false, since: 0 })
      await until(() => routed.includes(to), `${to} gets no connections`)
    },
    /** Connections go to it as long as it takes for its end to get about. */
    forget: async (gone: number) => {
      await until(() => !routed.includes(gone), `${gone} still gets connections`)
      endpoints.delete(gone)
    },
    stop: async () => {
      probing = false
      await probes
      server.close()
    }
  }
}

export type ClusterService = Awaited<ReturnType<typeof clusterService>>
