/** A call that was refused or got no answer, with what the service said. */
export class Refused extends Error {
  override readonly name = "Refused"
}

/** What the preparations need of `stack.json`. */
export interface Installation {
  readonly services: Readonly<Record<string, string>>
  readonly adminKey: string
  readonly demo?: { readonly secretKey: string; readonly writeKey: string }
}

/** Calls of one installation with one key. */
export class Api {
  private readonly services: Installation["services"]
  private readonly key: string

  constructor(services: Installation["services"], key: string) {
    this.services = services
    this.key = key
  }

  get = <A>(service: string, path: string): Promise<A> =>
    this.call("GET", service, path)

  post = <A>(service: string, path: string, body: unknown): Promise<A> =>
    this.call("POST", service, path, body)

  put = <A>(service: string, path: string, body: unknown): Promise<A> =>
    this.call("PUT", service, path, body)

  patch = <A>(service: string, path: string, body: unknown): Promise<A> =>
    this.call("PATCH", service, path, body)

  /** Rows of a query in SQL, up to 10,000. */
  rows = async (
    query: string,
    params: object
  ): Promise<ReadonlyArray<ReadonlyArray<unknown>>> => {
    const asked = { kind: "sql", query, params, limit: 10_000 }
    const { result } = await this.post<{
      result: { rows: ReadonlyArray<ReadonlyArray<unknown>> }
    }>("analytics-api", "/v1/query", asked)
    return result.rows
  }

  private call = async <A>(
    method: string,
    service: string,
    path: string,
    body?: unknown
  ): Promise<A> => {
    const base = this.services[service]
    if (base === undefined)
      throw new Refused(`${service} is not running: start all of it with make start.`)
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        "content-type": "application/json"
      },
      signal: AbortSignal.timeout(60_000),
      // Text is sent as it is: some of it is no JSON that JavaScript could write.
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    if (!response.ok)
      throw new Refused(`${service} ${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
}

/** Asks every `everyMs` until the answer is there, or throws after `limitMs`. */
export const until = async <A>(
  what: string,
  look: () => Promise<A | undefined>,
  { everyMs = 250, limitMs = 300_000 } = {}
): Promise<A> => {
  const end = Date.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Refused(`${what} took longer than ${limitMs} ms.`)
    await Bun.sleep(everyMs)
  }
}

/** Waits until everything that was sent has its place. */
export const settled = (api: Api): Promise<true> =>
  until("Storing what was sent", async () => {
    const { pending } = await api.get<{ pending: number }>(
      "data-ingestion",
      "/v1/accounting"
    )
    return pending === 0 ? true : undefined
  })

/** Runs a job to its end. */
export const runJob = async (
  api: Api,
  type: string,
  payload: object
): Promise<void> => {
  const job = await api.post<{ id: string }>("batch-processor", "/v1/jobs", {
    type,
    payload
  })
  await until(`The job ${type}`, async () => {
    const { error, state } = await api.get<{ state: string; error: unknown }>(
      "batch-processor",
      `/v1/jobs/${job.id}`
    )
    if (state === "succeeded") return true
    if (["failed", "cancelled", "parked"].includes(state))
      throw new Refused(`The job ${type} ${job.id} ${state}: ${JSON.stringify(error)}`)
    return undefined
  })
}
