/** A reverse proxy in front of the service that can be told to refuse for a while. */
export const flakyProxy = (target: string) => {
  let status = 0
  let left = 0
  let refused = 0
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      if (left > 0) {
        left--
        refused++
        return new Response("{}", { status, headers: { "retry-after": "1" } })
      }
      const url = new URL(request.url)
      try {
        return await fetch(target + url.pathname + url.search, {
          method: request.method,
          headers: request.headers,
          body: await request.bytes(),
          decompress: false,
          signal: AbortSignal.timeout(20_000)
        })
      } catch {
        // The service is down: the client must see what a load balancer would show it.
        return new Response("{}", { status: 502 })
      }
    }
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    /** The next `times` requests are answered with `code` and never reach the service. */
    answer: (code: number, times: number) => {
      status = code
      left += times
    },
    refused: () => refused,
    [Symbol.dispose]: () => {
      server.stop(true)
    }
  }
}
