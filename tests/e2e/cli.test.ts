import { afterAll, beforeAll, expect, it } from "bun:test"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { modelToOnnx } from "@analytics/ml-models/onnx/modelToOnnx"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

const main = join(import.meta.dir, "../../tools/cli/src/main.ts")
let stack: RunningStack
let client: Client
let project: Project

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
  project = await client.createProject("cli")
}, 180_000)
afterAll(() => stack?.stop(), 60_000)

const spawn = (...args: ReadonlyArray<string>) =>
  Bun.spawn(
    [process.execPath, main, ...args, "--stack", join(stack.data, "stack.json")],
    {
      env: { ...process.env, ANALYTICS_KEY: project.secretKey },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000
    }
  )

const cli = async (...args: ReadonlyArray<string>) => {
  const child = spawn(...args)
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  return { code, out, err }
}

const track = (event: string, userId: string, properties: object = {}) => ({
  type: "track",
  event,
  userId,
  properties
})

it("watches events arrive, asks about them, and finds the installation well", async () => {
  const tail = spawn("tail", "--event", "bought", "--limit", "2")
  const lines = (async () => {
    const decoder = new TextDecoder()
    let text = ""
    for await (const chunk of tail.stdout) {
      text += decoder.decode(chunk, { stream: true })
    }
    return text.trim().split("\n")
  })()
  // Nobody can tell from outside when somebody watches: so events come until it has two.
  let sent = 0
  let isOver = false
  tail.exited.then(() => {
    isOver = true
  })
  while (!isOver) {
    sent++
    await client.send(project, [
      track("bought", `u${sent}`, { item: "\u001b[31mred" }),
      track("looked", `u${sent}`)
    ])
    await client.settled(project)
  }
  expect(await tail.exited).toBe(0)
  const shown = await lines
  expect(shown).toHaveLength(2)
  for (const line of shown) {
    expect(line).toContain("bought")
    expect(line).not.toContain("\u001b")
  }

  const question = {
    kind: "trends",
    range: "today",
    interval: "none",
    series: [{ event: "bought", measure: "total" }]
  }
  const table = await cli("query", JSON.stringify(question))
  expect(table).toMatchObject({ code: 0, err: "" })
  expect(table.out).toMatch(new RegExp(`│ A .*│ +${sent} │`, "u"))
  const json = await cli("query", "--json", JSON.stringify(question))
  expect(JSON.parse(json.out)).toMatchObject({ result: { series: [{ data: [sent] }] } })

  await client.send(project, [
    { type: "identify", anonymousId: "a1", userId: "u1", traits: { plan: "pro" } }
  ])
  await client.settled(project)
  const person = await cli("people", "a1")
  expect(person).toMatchObject({ code: 0, err: "" })
  expect(person.out).toMatch(/│ plan +│ pro +│/u)
  expect(person.out).toContain("a1 belongs to u1 since")
  expect(person.out).toContain("bought")

  const refused = await cli("query", JSON.stringify({ ...question, interval: "era" }))
  expect(refused.code).toBe(1)
  expect(refused.err).toContain("/interval")

  const well = await cli("doctor")
  expect(well).toMatchObject({ code: 0, err: "" })
  expect(well.out).toContain("✓ accounting")
  expect(well.out).toContain("✓ batch-processor")
  expect(well.out).toContain("✓ jobs")
  expect(well.out).toContain("✓ schedules")
  expect(well.out).toContain("✓ alerts")
  expect(well.out).toContain("✓ deliveries")
}, 120_000)

/** What a command printed beside its progress; it must have ended well. */
const printed = async (...args: ReadonlyArray<string>) => {
  const { code, err, out } = await cli(...args)
  expect({ args, code, err }).toEqual({ args, code: 0, err: expect.any(String) })
  return out.trim()
}

/** What a command says of what it does not do. */
const refusal = async (...args: ReadonlyArray<string>) => {
  const { code, err } = await cli(...args)
  expect({ args, code }).toEqual({ args, code: 1 })
  return err
}

const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/u

it("starts jobs, watches them to their end, and says what they were", async () => {
  expect(await printed("jobs", "types")).toContain("noop")
  const watched = await printed("jobs", "submit", "noop", '{"note":"hi"}', "--watch")
  expect(watched).toContain("succeeded")
  const id = UUID.exec(watched)?.[0] ?? ""
  expect(await printed("jobs", "list", "--state", "succeeded")).toContain(id)
  expect(await printed("jobs", "show", id)).toContain('result    {"note":"hi"}')
  await printed("jobs", "log", id)

  const named = ["jobs", "submit", "noop", "--idempotency-key", "only-once"]
  const once = await printed(...named)
  expect(once).toMatch(UUID)
  expect(await printed(...named)).toBe(once)

  expect(await refusal("jobs", "submit", "noop", '{"not":1}')).toContain("/payload/not")
  expect(await refusal("jobs", "cancel", id)).toContain("409")
}, 120_000)

it("makes schedules, pauses, resumes and runs them", async () => {
  const made = await printed(
    ...["schedules", "create", "every night", "--type", "noop"],
    ...["--cron", "30 2 * * *", "--timezone", "Europe/Berlin"]
  )
  expect(made).toMatch(/^next +\S+T0[01]:\S+Z {2}\S+T0[23]:\S+\+0[12]:00$/mu)
  const id = UUID.exec(made)?.[0] ?? ""
  expect(await printed("schedules", "pause", id)).toContain("paused")
  expect(await printed("schedules", "list")).toMatch(/every night .* paused/u)
  expect(await printed("schedules", "resume", id)).toBe(made)
  const job = await printed("schedules", "run", id)
  expect(await printed("jobs", "watch", job)).toContain("succeeded")
  expect(await printed("schedules", "show", id)).toContain(`${job} succeeded`)
  expect(await printed("schedules", "delete", id)).toContain("deleted")
  expect(await refusal("schedules", "show", id)).toContain("404")
}, 120_000)

it("uploads models, lets them answer, and takes them back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cli-models-"))
  try {
    const file = (intercept: number) => {
      const path = join(folder, `${intercept}.onnx`)
      return Bun.write(
        path,
        modelToOnnx({
          kind: "linear",
          features: ["recency", "orders"],
          intercept,
          weights: [-1, 1],
          means: [0, 0],
          scales: [1, 1],
          fills: [2, 0],
          calibration: { slope: 1, intercept: 0 }
        })
      ).then(() => path)
    }
    const features = { name: "features", datatype: "FP32", shape: [1, 2], data: [1, 1] }
    const answer = { name: "probability", datatype: "FP32", shape: [1, 1], data: [0.5] }
    const golden = JSON.stringify({ inputs: [features], outputs: [answer] })
    expect(
      await printed(
        ...["model", "push", "buys", await file(0)],
        ...["--golden", golden, "--alias", "champion"]
      )
    ).toBe("buys version 1")
    expect(
      await refusal("model", "push", "buys", await file(1), "--golden", golden)
    ).toContain("/golden")
    expect(await printed("model", "push", "buys", await file(2))).toBe("buys version 2")
    expect(await printed("model", "list")).toMatch(/│ buys +│ +1 │/u)

    const rows = '[{"recency": 1, "orders": 1}, {"orders": 2}]'
    const first = await printed("model", "predict", "buys", rows)
    expect(first).toMatch(/│ +2 │ +0\.5 │ recency -2\.00, orders \+2\.00 +│/u)
    expect(first).toContain("buys version 1")
    expect(await printed("model", "promote", "buys", "2", "--expected", "1")).toBe(
      "buys: champion 2"
    )
    const [line = ""] = (
      await printed("model", "predict", "buys", "--json", rows)
    ).split("\n")
    expect(JSON.parse(line).probability).toBeCloseTo(1 / (1 + Math.exp(-2)), 5)
    expect(await printed("model", "rollback", "buys")).toBe("buys: champion 1")
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)

it("makes reports of templates, and files of reports", async () => {
  expect(await printed("report", "templates")).toContain("weekly-product")
  const id = await printed("report", "make", "data-quality", "--name", "Ours")
  expect(id).toMatch(UUID)
  expect(await printed("report", "list")).toMatch(/│ Ours +│ .* │ data-quality +│/u)
  const folder = await mkdtemp(join(tmpdir(), "cli-reports-"))
  try {
    const file = join(folder, "ours.pdf")
    expect(await printed("report", "render", id, "--out", file)).toContain(file)
    expect((await readFile(file)).subarray(0, 5).toString()).toBe("%PDF-")
  } finally {
    await rm(folder, { recursive: true })
  }
  expect(await refusal("report", "render", id, "--parameters", '{"no":1}')).toContain(
    "/parameters/no"
  )
  expect(await refusal("report", "make", "weekly")).toContain("/template")
  expect(await printed("report", "deliveries")).toBe("nothing was sent")
  expect(await refusal("report", "deliveries", "--state", "lost")).toContain("/state")
}, 120_000)

it("finds what is wrong with an installation, and says what to do", async () => {
  const file = join(stack.data, "stack.json")
  const { pids } = JSON.parse(await readFile(file, "utf8"))
  const supervisor: number = pids.supervisor
  // While its supervisor stands still, nobody starts a killed service again.
  process.kill(supervisor, "SIGSTOP")
  try {
    process.kill(pids["data-ingestion"], "SIGKILL")
    const ill = await cli("doctor")
    expect(ill.code).toBe(1)
    expect(ill.out).toContain("✗ data-ingestion")
    expect(ill.out).toContain("→ start it")
    expect(ill.err).toContain("must be mended")
  } finally {
    process.kill(supervisor, "SIGCONT")
  }
}, 120_000)
