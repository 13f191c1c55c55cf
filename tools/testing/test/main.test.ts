import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const timeout = 90_000

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "analytics-runner-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs the runner over one test file, with a temporary folder that shows what it leaves. */
const start = async (name: string, body: string) => {
  const cwd = join(folder, name)
  const temporary = join(cwd, "tmp")
  await mkdir(temporary, { recursive: true })
  const said = join(cwd, "said")
  await writeFile(
    join(cwd, "one.test.ts"),
    `import { it } from "bun:test"
     import { writeFileSync } from "node:fs"
     it("runs", async () => {
       writeFileSync(${JSON.stringify(said)}, JSON.stringify({ ...process.env, TEST_RUNNER_CHILD: process.pid }))
       ${body}
     }, 60_000)`
  )
  const { TEST_DATABASE_URL, TEST_CLICKHOUSE_URL, ...env } = process.env
  const child = Bun.spawn([process.execPath, main, "./one.test.ts"], {
    cwd,
    stdio: ["ignore", "ignore", "ignore"],
    env: { ...env, TMPDIR: temporary }
  })
  const variables = async () => JSON.parse(await readFile(said, "utf8"))
  return { child, temporary, variables }
}

const listens = (url: string): Promise<boolean> =>
  Bun.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(url).port),
    socket: { data() {}, open: (socket) => void socket.end() }
  }).then(
    () => true,
    () => false
  )

describe("bun run test", () => {
  it(
    "gives the tests both servers and takes them away again",
    async () => {
      const { child, temporary, variables } = await start("passing", "")
      expect(await child.exited).toBe(0)
      const { TEST_DATABASE_URL, TEST_CLICKHOUSE_URL } = await variables()
      expect(TEST_DATABASE_URL).toStartWith("postgres://")
      expect(await listens(TEST_DATABASE_URL)).toBe(false)
      expect(await listens(TEST_CLICKHOUSE_URL)).toBe(false)
      expect(await readdir(temporary)).toEqual([])
    },
    timeout
  )

  it(
    "ends as the tests end",
    async () => {
      const { child } = await start("failing", 'throw new Error("on purpose")')
      expect(await child.exited).toBe(1)
    },
    timeout
  )

  it(
    "leaves nothing behind when it is interrupted",
    async () => {
      const { child, temporary, variables } = await start(
        "endless",
        "await new Promise(() => {})"
      )
      const seen = await eventually(variables)
      expect(await listens(seen.TEST_DATABASE_URL)).toBe(true)
      child.kill("SIGINT")
      expect(await child.exited).not.toBe(0)
      expect(await listens(seen.TEST_DATABASE_URL)).toBe(false)
      expect(await listens(seen.TEST_CLICKHOUSE_URL)).toBe(false)
      expect(await readdir(temporary)).toEqual([])
    },
    timeout
  )

  it(
    "leaves no server behind when it is killed",
    async () => {
      const { child, variables } = await start("killed", "await new Promise(() => {})")
      const seen = await eventually(variables)
      child.kill("SIGKILL")
      process.kill(Number(seen.TEST_RUNNER_CHILD), "SIGKILL")
      for (const url of [seen.TEST_DATABASE_URL, seen.TEST_CLICKHOUSE_URL])
        await eventually(async () => ((await listens(url)) ? undefined : true))
    },
    timeout
  )
})

/** Asks until there is an answer; the test's own time limit ends it. */
async function eventually<A>(ask: () => Promise<A>): Promise<A> {
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined) return answer
    await Bun.sleep(20)
  }
}
