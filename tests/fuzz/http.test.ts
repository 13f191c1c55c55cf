import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import fc from "fast-check"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { fuzzed, type Seed, seeds } from "./requests.ts"

const requests = Number(process.env["FUZZ_REQUESTS"] ?? 10_000)
const protocols = [...new Set(protocolRoutes.map(({ protocol }) => protocol))]

/** Bytes that a process may grow by while it reads one protocol's nonsense. */
const ROOM = 150 * 1024 * 1024

describe.if(process.env["TEST_LONG"] === "1")("whatever is sent over HTTP", () => {
  let stack: RunningStack
  let client: Client
  let project: Project
  let all: ReadonlyArray<Seed>

  beforeAll(async () => {
    stack = await startStack()
    client = await makeClient(stack)
    project = await client.createProject("fuzz")
    all = await seeds()
  }, 180_000)
  afterAll(() => stack?.stop(), 60_000)

  const memory = async () => {
    const pid = (await stack.file()).pids["data-ingestion"]
    const status = await Bun.file(`/proc/${pid}/status`).text()
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
    return { pid, bytes: kilobytes * 1024 }
  }

  for (const protocol of protocols)
    it(`${protocol}: ${requests} requests, no 5xx, no crash, memory flat`, async () => {
      const routes = protocolRoutes.filter((route) => route.protocol === protocol)
      const any = fc.oneof(...routes.map((route) => fuzzed(route, all)))
      const send = async (numRuns: number) =>
        fc.assert(
          fc.asyncProperty(any, async ({ body, headers, method, target }) => {
            const response = await fetch(
              `${client.ingestion}/w/${project.writeKey}${target}`,
              {
                method,
                headers,
                ...(method === "GET" ? {} : { body }),
                signal: AbortSignal.timeout(20_000)
              }
            )
            await response.arrayBuffer()
            // Too fast for the machine is no fault of the request.
            if (response.status !== 429) expect(response.status).toBeLessThan(500)
          }),
          { numRuns }
        )
      await send(Math.ceil(requests / 4))
      const before = await memory()
      await send(requests - Math.ceil(requests / 4))
      const after = await memory()
      expect(after.pid).toBe(before.pid)
      expect(after.bytes - before.bytes).toBeLessThan(ROOM)
      process.stdout.write(
        `${protocol}: ${Math.round(before.bytes / 1e6)} MB, then ${Math.round(after.bytes / 1e6)} MB\n`
      )
    }, 1_200_000)

  it("accounts for everything it said it took", async () => {
    const { balanced, quarantined } = await client.settled(project, 300_000)
    expect(balanced).toBe(true)
    expect(quarantined).toBeGreaterThan(0)
  }, 320_000)
})
