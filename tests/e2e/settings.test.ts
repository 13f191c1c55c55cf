import { afterAll, beforeAll, expect, it } from "bun:test"
import { type Client, makeClient } from "./Client.ts"
import { keptCohort } from "./keptCohort.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

let stack: RunningStack
let client: Client
let admin: (method: string, path: string, body?: unknown) => Promise<Response>
let accounts: (projectId: string | number) => Promise<Record<string, unknown>>

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
  const { adminKey, services } = await stack.file()
  const call = (url: string, init: RequestInit = {}) =>
    fetch(url, {
      ...init,
      headers: {
        authorization: `Bearer ${adminKey}`,
        "content-type": "application/json"
      },
      signal: AbortSignal.timeout(30_000)
    })
  admin = (method, path, body) =>
    call(services["analytics-api"] + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  accounts = async (projectId) => {
    const url = `${services["data-ingestion"]}/v1/accounting?projectId=${projectId}`
    return (await (await call(url)).json()) as Record<string, unknown>
  }
}, 180_000)
afterAll(() => stack?.stop(), 60_000)

/** Asks until the answer is the one that is waited for. */
const until = async <A>(ask: () => Promise<A>, isIt: (answer: A) => boolean) => {
  const deadline = Date.now() + 60_000
  for (;;) {
    const answer = await ask()
    if (isIt(answer)) return answer
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`)
    await Bun.sleep(100)
  }
}

it("takes settings from the control plane to the events, and a project to its end", async () => {
  const project = await client.createProject("settings")
  const path = `/v1/projects/${project.id}/settings`
  const { status } = await admin("PATCH", path, {
    exclusions: { properties: [{ property: "internal", equals: true }] },
    schema: { mode: "warn", events: { bought: { required: ["revenue"] } } }
  })
  expect(status).toBe(200)
  const event = { type: "track", event: "bought", userId: "u" }
  let sent = 0
  const send = async (properties: object) => {
    sent++
    return (await client.send(project, [{ ...event, properties }])).body
  }
  // The receiver hears of it a moment later.
  await until(
    () => send({}),
    (answer) => JSON.stringify(answer).includes("revenue missing")
  )
  await send({ internal: true, revenue: 1 })
  await send({ revenue: 2 })
  const loaded = await until(
    () => client.accounting(project),
    ({ pending }) => pending === 0
  )
  expect(loaded).toMatchObject({
    accepted: sent,
    stored: sent - 1,
    dropped: { excluded_internal: 1 },
    balanced: true
  })

  expect((await admin("DELETE", `/v1/projects/${project.id}`)).status).toBe(204)
  await until(
    async () => (await client.send(project, [event])).status,
    (answer) => {
      if (answer === 200) sent++
      return answer === 401
    }
  )
  const purged = await until(
    () => accounts(project.id),
    ({ pending, stored }) => stored === 0 && pending === 0
  )
  expect(purged).toMatchObject({ accepted: sent, balanced: true })
  expect(purged["erased"]).toBeGreaterThanOrEqual(loaded.stored)
}, 120_000)

it(
  "keeps the people of a cohort for queries, by a job",
  () => keptCohort(stack, client),
  180_000
)
