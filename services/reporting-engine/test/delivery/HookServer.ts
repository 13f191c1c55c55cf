export interface Hooked {
  readonly path: string
  readonly headers: Headers
  readonly body: string
}

/** Receives webhooks; `/500`, `/busy`, `/moved`, `/mute`, `/410` … answer as they are called. */
export const hookServer = () => {
  const received: Array<Hooked> = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const path = new URL(request.url).pathname
      received.push({ path, headers: request.headers, body: await request.text() })
      if (path === "/mute") return await new Promise<Response>(() => {})
      if (path === "/busy")
        return new Response("later", { status: 429, headers: { "retry-after": "600" } })
      if (path === "/moved")
        return new Response(null, { status: 302, headers: { location: "/taken" } })
      const status = Number(path.slice(1))
      return Number.isInteger(status) && status > 0
        ? new Response("x".repeat(100_000), { status })
        : new Response("ok")
    }
  })
  return {
    host: `127.0.0.1:${server.port}`,
    url: (path: string) => `http://127.0.0.1:${server.port}${path}`,
    received,
    of: (path: string) => received.filter((it) => it.path === path),
    close: () => server.stop(true)
  }
}
