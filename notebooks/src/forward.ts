/** A request of a page, as much as counts. */
export interface Asked {
  readonly method: string
  /** Path and query, below `/stack/`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: AsyncIterable<Uint8Array | string>
  /** Ends when the page no longer waits. */
  readonly signal: AbortSignal
}

export interface Answered {
  readonly status: number
  /** JSON. */
  readonly body: string
}

/** A project that the notebooks may ask about. */
export interface NotebookProject {
  /** In the path of a request. */
  readonly id: string
  readonly name: string
  readonly secretKey: string
}

/** Where requests of the notebooks go, and as whom. */
export interface Destination {
  /** URL by the service's name. */
  readonly services: Readonly<Record<string, string>>
  readonly projects: ReadonlyArray<NotebookProject>
}

/**
 * What a notebook may ask: nothing that changes anything, so that a page of somebody else's
 * in the same browser cannot, whatever it manages to send.
 */
const allowed: ReadonlyArray<readonly [method: string, path: RegExp]> = [
  ["POST", /^analytics-api\/v1\/query$/u],
  ["GET", /^analytics-api\/v1\/catalogue\/(?:events|properties|values)$/u],
  ["GET", /^data-ingestion\/v1\/(?:accounting|quarantine\/|schema-violations)$/u],
  ["GET", /^ml-inference\/v1\/models(?:\/[^/]+(?:\/versions(?:\/\d+)?)?)?$/u],
  ["POST", /^ml-inference\/v2\/models\/[^/]+\/versions\/\d+\/infer$/u]
]

const MAX_BODY = 1024 * 1024
const TIMEOUT_MS = 120_000

/**
 * Asks a service what a page asks, with the project's secret key, which stays in this
 * process. `read` is asked each time: a stack that restarts has other ports, or keys.
 */
export const forward = async (
  asked: Asked,
  read: () => Promise<Destination>
): Promise<Answered> => {
  const { body, headers, method, signal } = asked
  const [path = "", search] = asked.path.split("?")
  if (!isFromTheSamePage(headers))
    return refused(403, "Only the notebooks' own pages may ask.")
  const destination = await read().catch(() => undefined)
  if (destination === undefined)
    return refused(503, "The stack is not running. Start it: make start")
  const { projects, services } = destination
  if (path === "projects" && method === "GET") {
    const shown = projects.map(({ id, name }) => ({ id, name }))
    return { status: 200, body: JSON.stringify(shown) }
  }
  const [, id = "", rest = ""] = /^([^/]+)\/(.*)$/u.exec(path) ?? []
  if (!allowed.some(([verb, pattern]) => verb === method && pattern.test(rest)))
    return refused(404, `Notebooks may not ask ${method} ${rest}.`)
  const project = projects.find((it) => it.id === id)
  const service = rest.slice(0, rest.indexOf("/"))
  const base = services[service]
  if (project === undefined) return refused(404, `There is no project ${id}.`)
  if (base === undefined)
    return refused(503, `${service} is not running. Start all of the stack: make start`)
  const question = method === "POST" ? await textOf(body) : undefined
  if (question === null) return refused(413, "The question is larger than 1 MiB.")
  const url = `${base}${rest.slice(service.length)}${search ? `?${search}` : ""}`
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${project.secretKey}`,
        "content-type": "application/json"
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(question === undefined ? {} : { body: question })
    })
    return { status: answer.status, body: await answer.text() }
  } catch {
    return refused(503, `${service} does not answer: see what make start says.`)
  }
}

/** Browsers say where a request comes from; one without either header is no browser's. */
const isFromTheSamePage = (headers: Asked["headers"]): boolean =>
  (headers["sec-fetch-site"] ?? "same-origin") === "same-origin" &&
  (headers["origin"] ?? `http://${headers["host"]}`) === `http://${headers["host"]}`

/** null: longer than it may be. */
const textOf = async (body: Asked["body"]): Promise<string | null> => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY) return null
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const refused = (status: number, detail: string): Answered => ({
  status,
  body: JSON.stringify({ status, detail })
})
