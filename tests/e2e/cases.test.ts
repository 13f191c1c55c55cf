import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { checkAnswer } from "../cases/answers.ts"
import {
  arrivalIsFixed,
  type Case,
  type Order,
  orderedEvents,
  type Requests,
  requestsOf
} from "../cases/Case.ts"
import cases from "../cases/cases.json"
import { wireQuery } from "../cases/wireQuery.ts"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

const examples = cases.cases as unknown as ReadonlyArray<Case>
const ways: ReadonlyArray<readonly [Order, Requests]> = [
  ["given", 1],
  ["given", 2],
  ["given", "N"],
  ["reversed", 1],
  ["reversed", "N"],
  ["shuffled", 1],
  ["shuffled", 2]
]

let stack: RunningStack
let client: Client

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const play = async (example: Case, order: Order, requests: Requests) => {
  const projects = new Map<string, Project>()
  const events = orderedEvents(example, order)
  const names = [...example.events, ...example.queries].map((x) => x.project ?? "-")
  for (const name of new Set(names)) {
    const project = await client.createProject(`${example.id} ${name}`)
    projects.set(name, project)
    for (const batch of requestsOf(events, name, requests)) {
      const answer = await client.send(project, batch)
      expect(answer).toMatchObject({ status: 200, body: { rejected: [] } })
    }
    const { balanced } = await client.settled(project)
    expect(balanced).toBe(true)
  }
  for (const query of example.queries) {
    const project = projects.get(query.project ?? "-") as Project
    const body = wireQuery(query)
    const answer = await client.query(project, body)
    expect(answer).toMatchObject({ status: 200, body: { kind: body.kind } })
    checkAnswer(query, (answer.body as { result: unknown }).result)
  }
}

for (const [order, requests] of ways) {
  describe(`worked examples, ${order} order, ${requests} request(s)`, () => {
    for (const example of examples) {
      if (order !== "given" && arrivalIsFixed(example)) continue
      it.concurrent(
        `${example.id} ${example.title}`,
        () => play(example, order, requests),
        60_000
      )
    }
  })
}
