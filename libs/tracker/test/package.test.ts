import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildPackage } from "../scripts/buildPackage.ts"

const isLong = process.env["TEST_LONG"] === "1"

const program = (url: string) => `
import { createClient } from "@analytics/tracker"
interface Events { "Signed Up": { plan: "free" | "pro" } }
const client = createClient<Events>({ url: "${url}", key: "wk_1" })
client.track("Signed Up", { plan: "pro" }, { userId: "u1" })
// @ts-expect-error It has one of two values.
client.track("Signed Up", { plan: "gold" }, { userId: "u2" })
await client.close()
`

describe.skipIf(!isLong)("the package that is published", () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "analytics-tracker-"))
    await buildPackage(join(folder, "node_modules/@analytics/tracker"))
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const run = async (command: ReadonlyArray<string>) => {
    const child = Bun.spawn([...command], {
      cwd: folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000
    })
    const [code, out, err] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text()
    ])
    return { code, said: out + err }
  }

  it("has types, and runs where there is nothing but fetch", async () => {
    const received: Array<unknown> = []
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        received.push(...JSON.parse(await request.text()).events)
        return Response.json({ accepted: 2, rejected: [] })
      }
    })
    const text = program(`http://127.0.0.1:${server.port}`)
    await writeFile(join(folder, "program.mts"), text)
    const plain = new Bun.Transpiler({ loader: "ts" }).transformSync(text)
    await writeFile(join(folder, "program.mjs"), plain)
    const tsc = join(import.meta.dir, "../../../node_modules/.bin/tsc")
    const compiled = await run([
      ...[tsc, "--noEmit", "--strict", "--target", "esnext", "--module", "nodenext"],
      ...["--types", "", "program.mts"]
    ])
    expect(compiled).toEqual({ code: 0, said: "" })
    for (const runtime of [process.execPath, Bun.which("node")]) {
      if (runtime === null) continue
      received.length = 0
      expect(await run([runtime, "program.mjs"])).toEqual({ code: 0, said: "" })
      expect(received).toMatchObject([{ userId: "u1" }, { userId: "u2" }])
    }
  }, 120_000)
})
