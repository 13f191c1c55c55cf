import { authenticate, type Credentials } from "./Authentication.ts"
import type { Engine, Running } from "./Engine.ts"
import { toEngineError } from "./EngineError.ts"
import { type BodyBudget, type BodyLimits, readBody } from "./RequestBody.ts"
import {
  type BaseHeaders,
  baseHeaders,
  errorResponse,
  insertResponse,
  resultResponse,
  type ServerIdentity
} from "./Responses.ts"
import { readWork, type Work } from "./Work.ts"

export interface HandlerOptions {
  readonly identity: ServerIdentity
  readonly credentials: Credentials | undefined
  readonly engine: Engine
  readonly budget: BodyBudget
  readonly bodyLimits: BodyLimits
}

const text = (body: string, status = 200): Response =>
  new Response(body, { status, headers: { "Content-Type": "text/plain" } })

/** Answers requests of ClickHouse's HTTP interface. */
export class Handler {
  readonly #options: HandlerOptions
  #failed = 0

  constructor(options: HandlerOptions) {
    this.#options = options
  }

  readonly handle = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === "/ping") return text("Ok.\n")
    if (pathname === "/metrics") return this.#metrics()
    if (pathname !== "/") return text("There is nothing here\n", 404)
    if (request.method === "GET" && !searchParams.has("query")) return text("Ok.\n")
    if (request.method !== "GET" && request.method !== "POST") {
      return text("Use GET or POST\n", 405)
    }
    const queryId = searchParams.get("query_id") || crypto.randomUUID()
    searchParams.set("query_id", queryId)
    const base = baseHeaders(this.#options.identity, queryId)
    try {
      authenticate(request.headers, searchParams, this.#options.credentials)
      return await this.#answer(request, searchParams, base)
    } catch (thrown) {
      this.#failed++
      return errorResponse(toEngineError(thrown), this.#options.identity, base)
    }
  }

  async #answer(
    request: Request,
    parameters: URLSearchParams,
    base: BaseHeaders
  ): Promise<Response> {
    const startedAt = performance.now()
    const body = await readBody(request, this.#options.budget, this.#options.bodyLimits)
    const { running, work } = await this.#start(request, parameters, body.bytes).catch(
      (error) => {
        body.release()
        throw error
      }
    )
    // The body's memory is the engine's until the statement ends.
    running.execution.settled.then(body.release)
    request.signal.addEventListener("abort", running.cancel, { once: true })
    if (request.signal.aborted) running.cancel()
    const { settings, statement } = work
    if (statement.kind === "insert") {
      return insertResponse(running.execution, base, startedAt)
    }
    return resultResponse(running.execution, {
      base,
      format: statement.format ?? settings.format,
      compress:
        settings.compress &&
        /\bgzip\b/.test(request.headers.get("accept-encoding") ?? ""),
      startedAt,
      identity: this.#options.identity,
      onCancel: running.cancel
    })
  }

  async #start(
    request: Request,
    parameters: URLSearchParams,
    body: Uint8Array<ArrayBuffer>
  ): Promise<{ running: Running; work: Work }> {
    const work = await readWork(request, parameters, body)
    return { running: await this.#options.engine.start(work, request.signal), work }
  }

  #metrics(): Response {
    const values = {
      ...this.#options.engine.metrics(),
      failed_requests_total: this.#failed,
      body_bytes: this.#options.budget.used,
      resident_bytes: process.memoryUsage.rss()
    }
    const lines = Object.entries(values).map(
      ([name, value]) => `embedded_clickhouse_${name} ${value}\n`
    )
    return text(lines.join(""))
  }
}
