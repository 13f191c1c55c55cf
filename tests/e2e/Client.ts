import type { RunningStack } from "./RunningStack.ts"

/** What `POST /v1/projects` answers. */
export interface Project {
  readonly id: string | number
  readonly writeKey: string
  readonly secretKey: string
}

/** What `GET /v1/accounting` answers. */
export interface Accounting {
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly quarantined: number
  readonly dropped: Readonly<Record<string, number>>
  readonly pending: number
  readonly balanced: boolean
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

const call = async (
  method: string,
  url: string,
  key: string,
  body?: unknown
): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000)
  })
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

/** A client of one running stack, over HTTP like any other. */
export const makeClient = async (stack: Pick<RunningStack, "file">) => {
  const { adminKey, services } = await stack.file()
  const api = services["analytics-api"]
  const ingestion = services["data-ingestion"]

  const createProject = async (name: string): Promise<Project> => {
    const answer = await call("POST", `${api}/v1/projects`, adminKey, { name })
    if (answer.status !== 201) throw new Error(`projects: ${JSON.stringify(answer)}`)
    return answer.body as Project
  }

  const send = (project: Project, batch: ReadonlyArray<unknown>) =>
    call("POST", `${ingestion}/v1/batch`, project.writeKey, { batch })

  const accounting = async (project: Project): Promise<Accounting> => {
    const url = `${ingestion}/v1/accounting`
    const answer = await call("GET", url, project.secretKey)
    if (answer.status !== 200) throw new Error(`accounting: ${JSON.stringify(answer)}`)
    return answer.body as Accounting
  }

  /** Waits until every acknowledged event of the project has its outcome. */
  const settled = async (project: Project, timeoutMs = 30_000): Promise<Accounting> => {
    const end = Date.now() + timeoutMs
    for (;;) {
      const state = await accounting(project)
      if (state.pending === 0) return state
      if (Date.now() > end) throw new Error(`still pending: ${JSON.stringify(state)}`)
      await Bun.sleep(25)
    }
  }

  const query = (project: Project, body: object) =>
    call("POST", `${api}/v1/query`, project.secretKey, body)

  return { api, ingestion, call, createProject, send, accounting, settled, query }
}

export type Client = Awaited<ReturnType<typeof makeClient>>
