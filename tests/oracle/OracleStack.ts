import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"

/** The stack that `ORACLE_STACK` (a `STACK_DATA` folder) names is used and left running. */
const running = (data: string): Pick<RunningStack, "data" | "file" | "stop"> => ({
  data,
  file: () => Bun.file(`${data}/stack.json`).json(),
  stop: async () => undefined
})

/** A stack, and what property tests do with it. */
export const startOracleStack = async () => {
  const given = process.env["ORACLE_STACK"]
  const stack = given === undefined ? await startStack() : running(given)
  const client: Client = await makeClient(stack)

  /** Sends a batch and waits until it is stored. */
  const send = async (project: Project, batch: ReadonlyArray<object>) => {
    const response = await fetch(`${client.ingestion}/v1/batch`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${project.writeKey}`,
        prefer: "wait=30"
      },
      body: JSON.stringify({ batch }),
      signal: AbortSignal.timeout(60_000)
    })
    const body = await response.text()
    if (response.status !== 200 || !body.includes('"rejected":[]'))
      throw new Error(`batch: ${response.status} ${body}`)
    if (!response.headers.has("preference-applied")) await client.settled(project)
  }

  /** A new project that holds these events. */
  const projectWith = async (...batches: ReadonlyArray<ReadonlyArray<object>>) => {
    const project = await client.createProject("generated")
    for (const batch of batches) await send(project, batch)
    return project
  }

  /** An answer's body; 429 is asked again, up to 20 times. */
  const ask = async (project: Project, request: object, attempt = 0): Promise<Body> => {
    const answer = await client.query(project, request)
    if (answer.status === 429 && attempt < 20) {
      await Bun.sleep(100)
      return ask(project, request, attempt + 1)
    }
    if (answer.status !== 200)
      throw new Error(
        `${JSON.stringify(request)}: ${answer.status} ${JSON.stringify(answer.body)}`
      )
    return answer.body as Body
  }
  return { client, send, projectWith, ask, file: stack.file, stop: stack.stop }
}

interface Body {
  readonly result: object
  readonly meta: { readonly asOf: string; readonly warnings: ReadonlyArray<unknown> }
}

export type OracleStack = Awaited<ReturnType<typeof startOracleStack>>
