import { authenticate, type Credentials } from "./Authentication.ts"
import type { Canceller } from "./Canceller.ts"
import { engineError, toEngineError } from "./EngineError.ts"
import type { EnginePool } from "./EnginePool.ts"
import type { Execution } from "./EngineWorker.ts"
import { isStreamable } from "./Formats.ts"
import type { Job } from "./Job.ts"
import { type BodyBudget, type BodyLimits, readBody } from "./RequestBody.ts"
import { type RequestSettings, requestSettings } from "./RequestSettings.ts"
import {
  baseHeaders,
  errorResponse,
  resultResponse,
  type ServerIdentity,
  summary
} from "./Responses.ts"
import { parseStatement, type Statement } from "./Statement.ts"

export interface HandlerOptions {
  readonly identity: ServerIdentity
  readonly connect: ReadonlyArray<string>
  readonly credentials: Credentials | undefined
  readonly queries: EnginePool
  readonly inserts: EnginePool
  readonly kills: EnginePool
  readonly canceller: Canceller
  readonly budget: BodyBudget
  readonly bodyLimits: BodyLimits
  /** The longest any statement may run, ms. */
  readonly queryMs: number
  /** The longest pause of a client that reads a result, ms. */
  readonly stallMs: number
}

interface Work {
  readonly statement: Statement
  readonly settings: RequestSettings
  readonly data: ReadonlyArray<Uint8Array<ArrayBuffer>>
}

/** Answers requests of ClickHouse's HTTP interface. */
export class Handler {
  readonly #options: HandlerOptions
  active = 0
  served = 0
  failed = 0

  constructor(options: HandlerOptions) {
    this.#options = options
  }

  readonly handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    if (url.pathname === "/ping") return new Response("Ok.\n")
    const parameters = url.searchParams
    const queryId = parameters.get("query_id") || crypto.randomUUID()
    parameters.set("query_id", queryId)
    const base = baseHeaders(this.#options.identity, queryId)
    try {
      if (url.pathname === "/metrics") return this.#metrics()
      if (url.pathname !== "/") return new Response("Not found\n", { status: 404 })
      if (request.method === "GET" && !parameters.has("query")) {
        return new Response("Ok.\n")
      }
      if (request.method !== "GET" && request.method !== "POST") {
        return new Response("Use GET or POST\n", { status: 405 })
      }
      authenticate(request.headers, parameters, this.#options.credentials)
      return await this.#answer(request, parameters, base)
    } catch (thrown) {
      this.failed++
      return errorResponse(toEngineError(thrown), this.#options.identity, base)
    }
  }

  async #answer(
    request: Request,
    parameters: URLSearchParams,
    base: ReturnType<typeof baseHeaders>
  ): Promise<Response> {
    const startedAt = performance.now()
    const body = await readBody(request, this.#options.budget, this.#options.bodyLimits)
    let release = body.release
    try {
      const work = await readWork(request, parameters, body.bytes)
      const { settings, statement } = work
      const execution = await this.#start(work)
      this.active++
      this.served++
      const cancel = () =>
        void this.#options.canceller.cancel(execution, settings.uniqueId)
      const deadline = setTimeout(cancel, this.#options.queryMs)
      request.signal.addEventListener("abort", cancel, { once: true })
      if (request.signal.aborted) cancel()
      // The body's memory is the engine's until the statement ends.
      const bodyRelease = release
      release = () => {}
      execution.settled.then(() => {
        this.active--
        clearTimeout(deadline)
        bodyRelease()
      })
      if (statement.kind === "insert")
        return await insertResponse(execution, base, startedAt)
      return await resultResponse(execution, {
        base,
        format: statement.format ?? settings.format,
        compress:
          settings.compress &&
          /\bgzip\b/.test(request.headers.get("accept-encoding") ?? ""),
        startedAt,
        identity: this.#options.identity,
        onCancel: cancel
      })
    } finally {
      release()
    }
  }

  #start({ statement, settings, data }: Work): Promise<Execution> {
    const { connect, inserts, kills, queries, stallMs } = this.#options
    const common = {
      connect,
      prologue: settings.prologue,
      readonly: settings.readonly,
      format: settings.format
    }
    if (statement.kind === "insert") {
      const { sql, format } = statement
      return inserts.start({ ...common, kind: "insert", sql, format, data })
    }
    const sql = statement.kills ? withoutSync(statement.sql) : statement.sql
    const streams =
      statement.selects &&
      !settings.buffered &&
      isStreamable(statement.format ?? settings.format)
    const job: Job = streams
      ? { ...common, kind: "stream", sql, stallMs }
      : { ...common, kind: "query", sql }
    return (statement.kills ? kills : queries).start(job)
  }

  #metrics(): Response {
    const { budget, canceller, inserts, queries } = this.#options
    const values = {
      active: this.active,
      served_total: this.served,
      failed_total: this.failed,
      queries_running: queries.running,
      queries_waiting: queries.waiting,
      inserts_running: inserts.running,
      inserts_waiting: inserts.waiting,
      abandoned_threads_total: canceller.abandoned,
      body_bytes: budget.used,
      resident_bytes: process.memoryUsage.rss()
    }
    const lines = Object.entries(values).map(
      ([name, value]) => `embedded_clickhouse_${name} ${value}\n`
    )
    return new Response(lines.join(""), { headers: { "Content-Type": "text/plain" } })
  }
}

/** KILL … SYNC never returns in this engine; the killer asks system.processes anyway. */
const withoutSync = (sql: string): string => sql.replace(/\bSYNC\s*;?\s*$/i, "ASYNC")

const insertResponse = async (
  execution: Execution,
  base: ReturnType<typeof baseHeaders>,
  startedAt: number
): Promise<Response> => {
  await execution.next()
  const elapsed = performance.now() - startedAt
  return new Response("", {
    headers: { ...base, "X-ClickHouse-Summary": summary(execution.statistics, elapsed) }
  })
}

/** Form fields (`query`, `param_*`) stand beside those of the URL. */
const readForm = async (
  contentType: string,
  bytes: Uint8Array<ArrayBuffer>,
  parameters: URLSearchParams
): Promise<void> => {
  const form = await new Response(bytes, { headers: { "Content-Type": contentType } })
    .formData()
    .catch(() => {
      throw engineError(36, "BAD_ARGUMENTS", "The form cannot be read")
    })
  for (const [name, value] of form) {
    if (typeof value !== "string" || !/^(query$|param_)/.test(name)) {
      throw engineError(48, "NOT_IMPLEMENTED", `Form field ${name}`)
    }
    parameters.set(name, value)
  }
}

const readWork = async (
  request: Request,
  parameters: URLSearchParams,
  bytes: Uint8Array<ArrayBuffer>
): Promise<Work> => {
  const contentType = request.headers.get("content-type") ?? ""
  const isForm = contentType.startsWith("multipart/form-data")
  if (isForm) await readForm(contentType, bytes, parameters)
  const query = parameters.get("query") ?? ""
  const hasBody = !isForm && query !== "" && bytes.length > 0
  const text = query === "" ? bytes : new Uint8Array(Buffer.from(query))
  const statement = parseStatement(text, hasBody)
  const settings = requestSettings(request.method, parameters, request.headers)
  if (statement.kind !== "insert") return { statement, settings, data: [] }
  return {
    statement,
    settings,
    data: hasBody ? [statement.inline, bytes] : [statement.inline]
  }
}
