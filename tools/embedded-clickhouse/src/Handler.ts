import { authenticate, type Credentials } from "./Authentication.ts"
import type { Engine, Running } from "./Engine.ts"
import { toEngineError } from "./EngineError.ts"
import { type Entry, InFlight, killedId } from "./InFlight.ts"
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
  readonly #inFlight = new InFlight()
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
    const killed = new AbortController()
    const entry: Entry = {
      ids: [base["X-ClickHouse-Query-Id"], parameters.get("log_comment") ?? ""],
      kill: () => killed.abort()
    }
    const leave = this.#inFlight.add(entry)
    const signal = AbortSignal.any([request.signal, killed.signal])
    try {
      const startedAt = performance.now()
      const { running, work } = await this.#start(request, parameters, entry, signal)
      running.execution.settled.then(leave)
      signal.addEventListener("abort", running.cancel, { once: true })
      if (signal.aborted) running.cancel()
      return await this.#result(request, running, work, base, startedAt)
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Receives the body and starts its statement, which owns the body's memory then. */
  async #start(
    request: Request,
    parameters: URLSearchParams,
    entry: Entry,
    signal: AbortSignal
  ): Promise<{ running: Running; work: Work }> {
    const { bodyLimits, budget, engine } = this.#options
    const body = await readBody(request, budget, bodyLimits)
    try {
      const work = await readWork(request, parameters, body.bytes)
      this.#killOthers(work, parameters, entry)
      const running = await engine.start(work, signal)
      running.execution.settled.then(body.release)
      return { running, work }
    } catch (error) {
      body.release()
      throw error
    }
  }

  /** A KILL stops what the engine does not know yet; what it knows, the KILL itself. */
  #killOthers({ statement }: Work, parameters: URLSearchParams, entry: Entry): void {
    if (statement.kind !== "plain" || !statement.kills) return
    const id = killedId(statement.sql, parameters)
    if (id !== undefined && id !== "") this.#inFlight.kill(id, entry)
  }

  #result(
    request: Request,
    { cancel, execution }: Running,
    { settings, statement }: Work,
    base: BaseHeaders,
    startedAt: number
  ): Promise<Response> {
    if (statement.kind === "insert") return insertResponse(execution, base, startedAt)
    return resultResponse(execution, {
      base,
      format: statement.format ?? settings.format,
      compress:
        settings.compress &&
        /\bgzip\b/.test(request.headers.get("accept-encoding") ?? ""),
      startedAt,
      identity: this.#options.identity,
      onCancel: cancel
    })
  }

  #metrics(): Response {
    const values = {
      ...this.#options.engine.metrics(),
      requests_in_flight: this.#inFlight.size,
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
