import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { checkAnswer } from "../cases/answers.ts"
import { type Case, orderedEvents, requestsOf } from "../cases/Case.ts"
import cases from "../cases/cases.json"
import { wireQuery } from "../cases/wireQuery.ts"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

const examples = cases.cases as unknown as ReadonlyArray<Case>

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly result: unknown
}

let stack: RunningStack
let client: Client

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const projectsOf = ({ events, queries }: Case): ReadonlyArray<string> => [
  ...new Set([...events, ...queries].map(({ project }) => project ?? "-"))
]

/** Sends an example and gives its projects by name. */
const play = async (example: Case): Promise<ReadonlyMap<string, Project>> => {
  const projects = new Map<string, Project>()
  const events = orderedEvents(example, "given")
  for (const name of projectsOf(example)) {
    const project = await client.createProject(`${example.id} ${name}`)
    projects.set(name, project)
    for (const batch of requestsOf(events, name, 1)) {
      const answer = await client.send(project, batch)
      expect(answer).toMatchObject({ status: 200, body: { rejected: [] } })
    }
  }
  return projects
}

const ask = async (example: Case, projects: ReadonlyMap<string, Project>) => {
  for (const query of example.queries) {
    const project = projects.get(query.project ?? "-")
    if (project === undefined) throw new Error(`no project of ${example.id}`)
    const body = wireQuery(query)
    const answer = await client.query(project, body)
    expect(answer).toMatchObject({ status: 200, body: { kind: body.kind } })
    checkAnswer(query, (answer.body as { result: unknown }).result)
  }
}

/** Submits a job of the installation and waits for its end. */
const job = async (type: string, payload: object): Promise<Job> => {
  const { adminKey, services } = await stack.file()
  const url = `${services["batch-processor"]}/v1/jobs`
  const submitted = await client.call("POST", url, adminKey, { type, payload })
  expect(submitted.status).toBe(202)
  const { id } = submitted.body as Job
  for (const end = Date.now() + 120_000; Date.now() < end; await Bun.sleep(100)) {
    const answer = await client.call("GET", `${url}/${id}`, adminKey)
    const found = answer.body as Job
    if (["succeeded", "failed", "parked", "cancelled"].includes(found.state))
      return found
  }
  throw new Error(`${type} ${id} does not end`)
}

describe("backup, wipe, restore", () => {
  it("leaves every worked example with the same answers", async () => {
    const played: Array<readonly [Case, ReadonlyMap<string, Project>]> = []
    for (const example of examples) played.push([example, await play(example)])
    for (const [, projects] of played)
      for (const project of projects.values())
        expect((await client.settled(project)).balanced).toBe(true)
    const before = await job("backup", { name: "all" })
    expect(before).toMatchObject({ state: "succeeded", error: null })
    expect(await job("restore", { backup: "all" })).toMatchObject({
      state: "succeeded"
    })

    await stack.suspend()
    for (const store of ["postgres", "clickhouse"])
      await rm(join(stack.data, store), { recursive: true, force: true })
    await stack.resume({ only: ["postgres", "clickhouse"] })
    await stack.exec("batch-processor", ["bun", "tools/migrate/src/main.ts", "upgrade"])
    await stack.exec("batch-processor", [
      "bun",
      "services/batch-processor/src/restore.ts",
      "all"
    ])
    await stack.suspend()
    await stack.resume()
    client = await makeClient(stack)

    for (const [example, projects] of played) {
      for (const project of projects.values())
        expect((await client.settled(project)).balanced).toBe(true)
      await ask(example, projects)
    }
    expect(await job("reconcile", {})).toMatchObject({
      state: "succeeded",
      result: { differing: [] }
    })
  }, 300_000)
})
