import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { hostileFile } from "@analytics/ml-models/test/hostileFiles"
import {
  endlessModel,
  hungryModel,
  hungryToLoadModel,
  timesModel
} from "@analytics/ml-models/test/models"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"

const FILES = Number(process.env["HOSTILE_FILES"] ?? 600)

interface Spec {
  readonly name: string
  readonly datatype: string
  readonly shape: ReadonlyArray<number>
}
interface Version {
  readonly version: number
  readonly signature: { readonly inputs: ReadonlyArray<Spec> }
}

const percentile = (values: ReadonlyArray<number>, part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0

const zeros = ({ datatype, name, shape }: Spec) => {
  const sizes = shape.map((size) => (size < 0 ? 2 : size))
  const elements = sizes.reduce((product, size) => product * size, 1)
  if (elements > 100_000) return undefined
  const zero = datatype === "BYTES" ? "" : datatype === "BOOL" ? false : 0
  return { name, datatype, shape: sizes, data: Array(elements).fill(zero) }
}

const hostileModels = () => {
  let stack: RunningStack
  let client: Client
  let project: Project
  let url = ""

  beforeAll(async () => {
    stack = await startStack()
    client = await makeClient(stack)
    project = await client.createProject("hostile models")
    url = (await stack.file()).services["ml-inference"]
  }, 180_000)
  afterAll(() => stack?.stop(), 60_000)

  const call = (method: string, path: string, body?: unknown, whose = project) =>
    client.call(method, `${url}${path}`, whose.secretKey, body)

  const upload = async (file: Uint8Array, whose: Project) => {
    const response = await fetch(`${url}/v1/artifacts`, {
      method: "PUT",
      headers: { authorization: `Bearer ${whose.secretKey}` },
      body: Uint8Array.from(file)
    })
    const answer = (await response.json()) as { readonly sha256?: string }
    return { status: response.status, sha256: answer.sha256 }
  }

  /** A version of it, or the status of its refusal; a service that is busy is asked again. */
  const push = async (
    model: string,
    file: Uint8Array,
    whose: Project
  ): Promise<Version | number> => {
    const { sha256, status } = await upload(file, whose)
    if (sha256 === undefined) return status
    for (;;) {
      const limits = { runTime: 2000, loadTime: 5000 }
      const path = `/v1/models/${model}/versions`
      const made = await call("POST", path, { artifact: sha256, limits }, whose)
      if (made.status === 201) return made.body as Version
      if (made.status !== 429 && made.status !== 503) return made.status
      await Bun.sleep(100)
    }
  }

  /** What becomes of a file: refused, or, as a champion, asked once. */
  const outcomeOf = async (
    model: string,
    file: Uint8Array,
    whose = project
  ): Promise<string> => {
    const made = await push(model, file, whose)
    if (typeof made === "number") return `refused with ${made}`
    const { signature, version } = made
    const ask = (method: string, path: string, body?: unknown) =>
      call(method, path, body, whose)
    const alias = await ask("PUT", `/v1/models/${model}/aliases/champion`, { version })
    const inputs = signature.inputs.map(zeros)
    const asked = inputs.includes(undefined)
      ? { status: "not asked" }
      : alias.status === 200
        ? await ask("POST", `/v2/models/${model}/infer`, { inputs })
        : { status: `no champion ${alias.status}` }
    await ask("DELETE", `/v1/models/${model}`)
    return `admitted, then ${asked.status}`
  }

  it("are refused or killed while the others go on answering", async () => {
    const good = await push("good", timesModel(3), project)
    if (typeof good === "number") throw new Error(`the good one is refused: ${good}`)
    const champion = "/v1/models/good/aliases/champion"
    expect((await call("PUT", champion, { version: 1 })).status).toBe(200)

    const question = {
      inputs: [{ name: "x", datatype: "FP32", shape: [2, 1], data: [1, 2] }]
    }
    const latencies: Array<number> = []
    const wrong: Array<unknown> = []
    let isOver = false
    const asking = (async () => {
      while (!isOver) {
        const before = performance.now()
        const answer = await call("POST", "/v2/models/good/infer", question)
        latencies.push(performance.now() - before)
        const outputs = JSON.stringify(answer.body)
        if (answer.status !== 200 || !outputs.includes('"data":[3,6]'))
          wrong.push(answer)
        await Bun.sleep(2)
      }
    })()

    const special: ReadonlyArray<readonly [string, Uint8Array]> = [
      ["asks for terabytes", hungryModel()],
      ["asks for terabytes while it is loaded", hungryToLoadModel()],
      ["never ends", endlessModel()],
      ["corrupt", timesModel(2).subarray(0, 60)]
    ]
    for (const [name, file] of special) {
      const outcome = await outcomeOf("special", file)
      process.stdout.write(`${name}: ${outcome}\n`)
      expect(outcome).not.toContain("200")
    }
    const outcomes: Record<string, number> = {}
    const tell = (files: number) =>
      process.stdout.write(
        `${files} files: ${JSON.stringify(outcomes)}; another model meanwhile: ${latencies.length} answers over HTTP, ${wrong.length} wrong, p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms, slowest ${percentile(latencies, 1).toFixed(0)} ms\n`
      )
    let next = 0
    const worker = async (model: string) => {
      let whose = project
      for (let sent = 0; next < FILES; sent++) {
        // A project may send only so many files of which nothing becomes.
        if (sent % 50 === 0) whose = await client.createProject(`${model} ${sent}`)
        if (next % 100 === 99) tell(next + 1)
        const outcome = await outcomeOf(model, hostileFile(next++), whose)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      }
    }
    await Promise.all([worker("hostile-a"), worker("hostile-b")])
    isOver = true
    await asking
    tell(FILES)
    expect(wrong).toEqual([])
    for (const outcome in outcomes) {
      expect(outcome).toMatch(
        /^(refused with 4(00|22)|admitted, then (\d{3}|not asked))$/u
      )
      expect(outcome).not.toContain(" 500")
    }
  }, 1_800_000)
}

if (process.env["TEST_LONG"] === "1")
  describe("models that were meant ill", hostileModels)
