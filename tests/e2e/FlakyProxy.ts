import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** An answer that is made here. */
export interface Refusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** What becomes of one request instead of being passed on and answered. */
export type Fault =
  /** Answered here: the service never sees it. */
  | ({ readonly kind: "answer" } & Refusal)
  /** Answered here as `respond` says. */
  | {
      readonly kind: "respond"
      readonly respond: (method: string, target: string) => Refusal
    }
  /**
   * The connection is reset: `before` the service saw the request, `after` the service
   * answered and before the client hears a byte of that, or `during` the answer.
   */
  | { readonly kind: "cut"; readonly when: "before" | "during" | "after" }
  /** Passed on, and answered milliseconds later than it could be. */
  | { readonly kind: "delay"; readonly ms: number }

/** A request as it came, and the status the client heard, or where it was cut. */
export interface Seen {
  readonly path: string
  readonly bytes: number
  readonly outcome: number | "before" | "during" | "after"
}

/** What is asked of Node's `IncomingMessage`. */
interface Incoming extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: ReadonlyArray<string>
  readonly socket: { readonly destroy: () => unknown }
}

/** What is asked of Node's `ServerResponse`. */
interface Outgoing {
  writeHead(status: number, headers: Record<string, string> | Array<string>): unknown
  write(chunk: Uint8Array, written: () => void): unknown
  end(body?: string | Uint8Array): unknown
}

/** Of one connection, and not of the message that goes over it. */
const hopByHop = ["connection", "content-length", "host", "keep-alive"]

const headersOf = ({ rawHeaders }: Incoming): Array<[string, string]> => {
  const headers: Array<[string, string]> = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ""
    if (!hopByHop.includes(name.toLowerCase()))
      headers.push([name, rawHeaders[at + 1] ?? ""])
  }
  return headers
}

/** A reverse proxy in front of the service that can be told to fail for a while. */
export const flakyProxy = async (target: string) => {
  const faults: Array<Fault> = []
  const seen: Array<Seen> = []
  let maxBytes = Number.POSITIVE_INFINITY

  const passOn = async (request: Incoming, body: Uint8Array<ArrayBuffer>) => {
    const method = request.method ?? "GET"
    try {
      const response = await fetch(target + request.url, {
        method,
        headers: headersOf(request),
        ...(method === "GET" ? {} : { body }),
        decompress: false,
        redirect: "manual",
        signal: AbortSignal.timeout(20_000)
      })
      return {
        status: response.status,
        headers: [...response.headers].filter(([name]) => !hopByHop.includes(name)),
        body: await response.bytes()
      }
    } catch {
      // The service is down: the client must see what a load balancer would show it.
      return { status: 502, headers: [], body: new TextEncoder().encode("{}") }
    }
  }

  const serve = async (request: Incoming, response: Outgoing) => {
    const body = new Uint8Array(Buffer.concat(await Array.fromAsync(request)))
    const fault: Fault | undefined =
      body.length > maxBytes
        ? { kind: "answer", status: 413, body: "<html>too large</html>" }
        : faults.shift()
    const note = (outcome: Seen["outcome"]) =>
      seen.push({ path: request.url ?? "", bytes: body.length, outcome })
    if (fault?.kind === "answer" || fault?.kind === "respond") {
      const refusal =
        fault.kind === "answer"
          ? fault
          : fault.respond(request.method ?? "GET", request.url ?? "/")
      note(refusal.status)
      response.writeHead(refusal.status, { ...refusal.headers })
      response.end(refusal.body)
      return
    }
    if (fault?.kind === "cut" && fault.when === "before") {
      note("before")
      request.socket.destroy()
      return
    }
    const answer = await passOn(request, body)
    if (fault?.kind === "cut" && fault.when === "after") {
      note("after")
      request.socket.destroy()
      return
    }
    if (fault?.kind === "delay") await Bun.sleep(fault.ms)
    const cut = fault?.kind === "cut"
    note(cut ? "during" : answer.status)
    const { length } = answer.body
    response.writeHead(answer.status, [
      ...answer.headers.flat(),
      "content-length",
      String(length + (cut ? 1 : 0))
    ])
    if (!cut) {
      response.end(answer.body)
      return
    }
    response.write(answer.body, () => request.socket.destroy())
  }

  const server = createServer((request, response) => {
    // A client that went away while it waited is none of the proxy's concern.
    serve(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening)
  })
  const { port } = server.address() as AddressInfo

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** The next requests fare so, one after the other. */
    next: (...planned: ReadonlyArray<Fault>) => {
      faults.push(...planned)
    },
    /** The next `times` requests are answered with `code` and never reach the service. */
    answer: (code: number, times: number) => {
      for (let at = 0; at < times; at++)
        faults.push({
          kind: "answer",
          status: code,
          headers: { "retry-after": "1" },
          body: "{}"
        })
    },
    /** From now on, larger bodies are answered with 413. */
    limit: (bytes: number) => {
      maxBytes = bytes
    },
    seen: (): ReadonlyArray<Seen> => seen,
    /** Whether everything that was planned has happened. */
    done: () => faults.length === 0,
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

export type FlakyProxy = Awaited<ReturnType<typeof flakyProxy>>
