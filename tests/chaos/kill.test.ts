import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { makeClient } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { signal, victims } from "./Kills.ts"
import { runRounds } from "./rounds.ts"

const long = process.env["TEST_LONG"] === "1"
const rounds = long ? 30 : victims.length

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

describe("kill -9 under load", () => {
  it(
    `${rounds} rounds: nothing acknowledged is missing, nothing is twice`,
    async () => {
      const report = await runRounds(stack, rounds)
      process.stdout.write(`${JSON.stringify(report)}\n`)
      expect(report.withCommitsInFlight * 2).toBeGreaterThanOrEqual(rounds)
    },
    rounds * 90_000
  )

  it("a lost row makes the accounting unbalanced", async () => {
    const client = await makeClient(stack)
    const project = await client.createProject("planted loss")
    const events = Array.from({ length: 5 }, (_, n) => ({
      type: "track",
      event: "e",
      userId: "u",
      messageId: `planted-${n}`
    }))
    const { postgres } = await stack.file()
    const loader = await signal(stack, "loader", "SIGSTOP")
    try {
      expect((await client.send(project, events)).status).toBe(200)
      const sql = new Bun.SQL(postgres)
      await sql`DELETE FROM ingest.inbox WHERE project_ids @> ARRAY[${project.id}::bigint]`
      await sql.close()
    } finally {
      process.kill(loader, "SIGCONT")
    }
    expect(await client.settled(project)).toMatchObject({
      accepted: 5,
      stored: 0,
      pending: 0,
      balanced: false
    })
  })
})
