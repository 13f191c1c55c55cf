import { shardedBy } from "@analytics/database/Topology"
import type { NodePorts } from "./nodeConfig.ts"

interface Forwarded {
  readonly params: URLSearchParams
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer> | FormData
  readonly method: string
  readonly signal: AbortSignal
}

const TIMEOUT_EXCEEDED = "159"

/** Whether nobody has heard the request. */
const isRefused = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ConnectionRefused" || error.code === "ECONNREFUSED")

interface NodeAnswer {
  readonly port: number
  readonly status: number
  readonly text: string
}

const ON_CLUSTER = /\bON\s+CLUSTER\s+(?:`[^`]+`|'[^']+'|\w+)/i
const INSERT = /^\s*INSERT\s+INTO\s+(?!FUNCTION\b)(?:TABLE\s+)?`?(\w+)`?/i
const CHANGE = /^\s*(?:ALTER|CREATE|DROP|TRUNCATE|RENAME)\b/i
const FORMAT = /\s+FORMAT\s+JSONEachRow\s*$/i
const REPLICATED =
  /ENGINE = Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?([^()]*)\)/gi

/**
 * One address of a cluster, as a load balancer gives it. Reads and inserts go to the nodes in
 * turn. It stands in for what the engine in process has not: the queue of distributed DDL
 * (`ON CLUSTER` is told to every node here), and replication (engines are those of one copy, and
 * rows of tables that lie on every node are sent to each). Everything between shards is the engine's own.
 */
export class Gateway {
  readonly #nodes: ReadonlyArray<NodePorts>
  readonly #server: ReturnType<typeof Bun.serve>
  #turn = 0

  constructor(nodes: ReadonlyArray<NodePorts>) {
    this.#nodes = nodes
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 255,
      maxRequestBodySize: 1024 ** 3,
      fetch: (request) => this.#answer(request),
      error: (cause) => new Response(String(cause), { status: 502 })
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  stop(): Promise<void> {
    return this.#server.stop(true)
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === "/ping") return new Response("Ok.\n")
    const isForm =
      request.headers.get("content-type")?.startsWith("multipart/") ?? false
    const fields = new FormData()
    if (isForm)
      for (const [name, value] of await request.clone().formData())
        if (typeof value === "string") fields.set(name, value)
    const bytes = new Uint8Array(await request.arrayBuffer())
    const inUrl = fields.get("query")?.toString() ?? searchParams.get("query")
    const sql = inUrl ?? new TextDecoder().decode(bytes)
    const headers = new Headers({ "accept-encoding": "identity" })
    for (const [name, value] of request.headers)
      if (!/^(?:host|connection|content-length|accept-encoding)$/i.test(name))
        headers.set(name, value)
    const forwarded = {
      params: searchParams,
      headers,
      body: bytes,
      method: request.method,
      signal: request.signal
    }
    if (ON_CLUSTER.test(sql)) return this.#onCluster(sql, fields, forwarded)
    const table = INSERT.exec(sql)?.[1]
    if (CHANGE.test(sql) || (table !== undefined && !Object.hasOwn(shardedBy, table)))
      return this.#everywhere(forwarded)
    return this.#sendToOne(forwarded)
  }

  /** To the next node that listens. */
  async #sendToOne(forwarded: Forwarded, tries = 0): Promise<Response> {
    try {
      return await this.#send(this.#next(), forwarded)
    } catch (error) {
      if (!isRefused(error) || tries >= this.#nodes.length) throw error
      return this.#sendToOne(forwarded, tries + 1)
    }
  }

  #next(): NodePorts {
    const node = this.#nodes[this.#turn++ % this.#nodes.length]
    if (node === undefined) throw new Error("a cluster has a node")
    return node
  }

  #send(
    { http }: NodePorts,
    { body, headers, method, params, signal }: Forwarded
  ): Promise<Response> {
    const hasBody = method === "POST"
    return fetch(`http://127.0.0.1:${http}/?${params}`, {
      method,
      headers,
      signal,
      ...(hasBody ? { body } : {})
    }).then((answer) => {
      const passed = new Headers(answer.headers)
      for (const name of ["transfer-encoding", "connection", "keep-alive"])
        passed.delete(name)
      return new Response(answer.body, { status: answer.status, headers: passed })
    })
  }

  /** The first refusal, else the last answer. */
  async #everywhere(forwarded: Forwarded): Promise<Response> {
    let last: Response | undefined
    for (const node of this.#nodes) {
      const answer = await this.#send(node, forwarded)
      if (!answer.ok) return answer
      await last?.arrayBuffer()
      last = answer
    }
    return last ?? new Response(null)
  }

  /** As the queue does it: each node is told, and each is heard. */
  async #onCluster(
    sql: string,
    fields: FormData,
    forwarded: Forwarded
  ): Promise<Response> {
    const asRows = FORMAT.test(sql)
    const plain = sql.replace(FORMAT, "").replace(ON_CLUSTER, "")
    const text = plain.replace(
      REPLICATED,
      (_, engine, args) => `ENGINE = ${engine}(${args})`
    )
    const params = new URLSearchParams(forwarded.params)
    params.delete("query")
    const isForm = fields.has("query")
    const headers = new Headers(forwarded.headers)
    if (isForm) headers.delete("content-type")
    fields.set("query", text)
    const answers = await Promise.all(
      this.#nodes.map(async (node): Promise<NodeAnswer> => {
        const answer = await this.#send(node, {
          ...forwarded,
          method: "POST",
          headers,
          params,
          body: isForm ? fields : new TextEncoder().encode(text)
        }).catch(
          () =>
            new Response("the node has not answered", {
              headers: { "x-clickhouse-exception-code": TIMEOUT_EXCEEDED }
            })
        )
        const said = await answer.text()
        const code = Number(answer.headers.get("x-clickhouse-exception-code") ?? 0)
        return { port: node.tcp, status: code, text: said }
      })
    )
    const refused = answers.find(({ status }) => status !== 0)
    if (!asRows)
      return refused === undefined
        ? new Response("")
        : new Response(refused.text, {
            status: 500,
            headers: { "x-clickhouse-exception-code": String(refused.status) }
          })
    const rows = answers.map(({ port, status, text: error }) =>
      JSON.stringify({ host: "127.0.0.1", port, status, error: status ? error : "" })
    )
    return new Response(`${rows.join("\n")}\n`)
  }
}
