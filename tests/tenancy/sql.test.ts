import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { honest } from "./honest.ts"
import { hostile, hostileParams } from "./hostile.ts"
import { marker, plant } from "./sqlData.ts"

let stack: RunningStack
let client: Client
let mine: Project

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
  mine = await client.createProject("mine")
  const other = await client.createProject("other")
  await plant(await stack.file(), Number(mine.id), Number(other.id))
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const ask = (query: string, params?: Readonly<Record<string, unknown>>) =>
  client.query(mine, { kind: "sql", query, ...(params ? { params } : {}) })

/** Runs all of them, a few at a time, and gives those that are not as they should be. */
const failing = async <A>(
  items: ReadonlyArray<A>,
  check: (item: A) => Promise<string | undefined>
): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  const rest = [...items]
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      const fault = await check(item)
      if (fault !== undefined) found.push(fault)
    }
  }
  await Promise.all([worker(), worker(), worker()])
  return found
}

describe("SQL of a tenant", () => {
  it("answers what is honest", async () => {
    expect(honest.length).toBeGreaterThanOrEqual(100)
    const faults = await failing(honest, async ({ query, params, rows }) => {
      const { status, body } = await ask(query, params)
      const text = JSON.stringify(body)
      if (status !== 200) return `${status} ${query}: ${text.slice(11, 130)}`
      const answered = (body as { result: { rows: unknown } }).result.rows
      return rows && !Bun.deepEquals(answered, rows)
        ? `${query}: ${JSON.stringify(answered)}`
        : undefined
    })
    expect(faults).toEqual([])
  }, 120_000)

  it("gives the hostile nothing", async () => {
    expect(hostile.length).toBeGreaterThanOrEqual(300)
    const asked = [...hostile.map((query) => ({ query, params: {} })), ...hostileParams]
    const faults = await failing(asked, async ({ query, params }) => {
      const { status, body } = await ask(query, params)
      const text = JSON.stringify(body).replaceAll(
        JSON.stringify(query).slice(1, -1),
        ""
      )
      if (
        status === 200 &&
        !/tenant-b|FROM (events|people|sessions)|'x'|SELECT \{x/u.test(query)
      )
        return `answered ${query}: ${text}`
      return status >= 500 || text.includes(marker)
        ? `${status} ${query}: ${text}`
        : undefined
    })
    expect(faults).toEqual([])
  }, 240_000)
})
