import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run as jq } from "../src/jq.ts"
import { answerDifference, matchesOutput } from "../src/matchOutput.ts"
import { readPage } from "../src/Page.ts"
import { runPrograms } from "../src/runPrograms.ts"
import { runQueries } from "../src/runQueries.ts"
import { runShell, type Workplace } from "../src/runShell.ts"
import { runStatements } from "../src/runStatements.ts"
import type { Stack } from "../src/Stack.ts"
import { sampleModel } from "../src/sampleModel.ts"
import { makeShims, makeWorkplace } from "../src/shims.ts"
import { querySteps, shellSteps } from "../src/steps.ts"

const fence = "```"
const block = (info: string, text: string) => `${fence}${info}\n${text}\n${fence}\n`

describe("what a page shows", () => {
  it("is compared with wildcards", () => {
    expect(matchesOutput("a … c\n…\nend", "a b c\n1\n2\nend\n")).toBe(true)
    expect(matchesOutput("a\n…\nend", "a\nend")).toBe(true)
    expect(matchesOutput("a … c", "a\nc")).toBe(false)
    expect(matchesOutput("1.5", "125")).toBe(false)
    expect(matchesOutput("│ … │ x │", "│ wide   │   x │ ")).toBe(true)
  })

  it("is a part of an answer", () => {
    const real = { a: [1, 2, 3], b: { c: null, d: "2026-11-23" }, e: 1 }
    expect(answerDifference({ a: [1, "…"], b: { d: "2026-…" } }, real)).toBeUndefined()
    expect(answerDifference({ a: "…", b: { c: null } }, real)).toBeUndefined()
    expect(answerDifference({ a: [1, 2] }, real)).toBe("/a: 3 items, shown 2")
    expect(answerDifference({ b: { c: 0 } }, real)).toBe("/b/c: null, shown 0")
    expect(answerDifference({ n: 0.33 }, { n: 1 / 3 })).toBeUndefined()
    expect(answerDifference({ n: 0.34 }, { n: 1 / 3 })).toStartWith("/n: 0.33")
    expect(answerDifference({ f: 1 }, real)).toBe("/f: undefined, shown 1")
  })
})

describe("steps of a page", () => {
  it("are blocks of shell, and the commands of transcripts", () => {
    const page = readPage(
      "p.md",
      block("sh", "a=1") +
        block("output", "x") +
        block('sh no-run="why"', "false") +
        block("console", "$ echo '{\n}' \\\n  b\nsaid\n\n$ true")
    )
    expect(shellSteps(page).map(({ script, shown }) => [script.trim(), shown])).toEqual(
      [
        ["a=1", "x\n"],
        ["echo '{\n}' \\\n  b", "said"],
        ["true", undefined]
      ]
    )
  })

  it("are questions with their answers", () => {
    const page = readPage(
      "p.md",
      block("json query", "{}") +
        block("json answer", "[]") +
        block("sql", "SELECT 1") +
        block('sql store="postgres"', "SELECT 2")
    )
    expect(querySteps(page).map(({ body, shown }) => [body.trim(), shown])).toEqual([
      ["{}", "[]\n"],
      ['{"kind":"sql","query":"SELECT 1\\n"}', undefined]
    ])
  })
})

describe("running a page", () => {
  let place: Workplace
  let server: ReturnType<typeof Bun.serve>
  let folder: string

  beforeAll(async () => {
    server = Bun.serve({
      port: 0,
      fetch: ({ url }) => {
        if (url.endsWith("/teapot")) return new Response("short", { status: 418 })
        return decodeURIComponent(url).includes("SELEC+1")
          ? new Response("Syntax error", { status: 400 })
          : Response.json({ result: 1 })
      }
    })
    const host = `127.0.0.1:${server.port}`
    const stack: Stack = {
      data: "none",
      api: `http://${host}`,
      secretKey: "sk_1",
      postgres: process.env["TEST_DATABASE_URL"] ?? "",
      clickhouse: `http://user:secret@${host}/analytics`,
      localized: (text) => text.replaceAll("127.0.0.1:4000", host),
      published: (text) => text.replaceAll(host, "127.0.0.1:4000")
    }
    folder = await mkdtemp(join(tmpdir(), "docs-test-"))
    const shims = join(folder, "bin")
    await makeShims(shims)
    await makeWorkplace(join(folder, "root"))
    place = { stack, shims, folder: join(folder, "root") }
  })
  afterAll(async () => {
    await server.stop(true)
    await rm(folder, { recursive: true, force: true })
  })

  const faultsOf = async (text: string) =>
    (await runShell(readPage("p.md", text), place)).map(
      ({ line, reason }) => `${line} ${reason.split("\n")[0]}`
    )

  it("keeps variables, compares what is printed, and writes beside the repository", async () => {
    const text =
      block("sh", "url=http://127.0.0.1:4000/x\necho kept >file.txt") +
      block("sh", 'echo "$url"; cat file.txt; curl -s $url') +
      block("output", 'http://127.0.0.1:4000/x\nkept\n{"result":…}')
    expect(await faultsOf(text)).toEqual([])
    expect(await Bun.file("file.txt").exists()).toBe(false)
  })

  it("names the first step that fails, prints something else or is refused", async () => {
    expect(await faultsOf(block("sh", "true\nfalse\ntrue"))).toEqual([
      "1 it failed or took too long:"
    ])
    expect(await faultsOf(block("console", "$ true\n$ echo a\nb"))).toEqual([
      "3 it printed"
    ])
    const teapot = "curl -s http://127.0.0.1:4000/teapot"
    expect((await faultsOf(block("sh", teapot)))[0]).toStartWith("1 418 GET")
    expect(await faultsOf(block('sh status="418"', teapot))).toEqual([])
    expect(await faultsOf(block("console fails", "$ false"))).toEqual([])
    expect(await faultsOf(block("console fails", "$ true"))).toHaveLength(1)
  })

  it("asks its questions and compares the answers", async () => {
    const asked = (answer: string) =>
      runQueries(
        readPage("p.md", block("json query", "{}") + block("json answer", answer)),
        place.stack
      )
    expect(await asked('{"result": 1}')).toEqual([])
    expect((await asked('{"result": 2}'))[0]?.reason).toContain("/result: 1, shown 2")
  })

  it("has ClickHouse read statements one by one", async () => {
    const faults = await runStatements(
      readPage(
        "p.md",
        block('sql store="clickhouse"', "SELECT 1;\nSELECT 2;") +
          block('sql store="clickhouse"', "SELECT 1;\nSELEC 1;") +
          block("sql", "SELECT 3")
      ),
      place.stack
    )
    expect(faults).toEqual([{ path: "p.md", line: 5, reason: "Syntax error" }])
  })

  it.skipIf(process.env["TEST_DATABASE_URL"] === undefined)(
    "tries statements of Postgres and takes them back",
    async () => {
      const table = `docs_${process.pid}`
      const create = block(
        'sql store="postgres"',
        `BEGIN;\nCREATE TABLE ${table} ();\nCOMMIT;`
      )
      const page = readPage(
        "p.md",
        create + create + block('sql store="postgres"', "SELECT * FROM nowhere;")
      )
      const faults = await runStatements(page, place.stack)
      expect(faults.map(({ line }) => line)).toEqual([11])
    }
  )

  it("runs whole programs", async () => {
    const faults = await runPrograms(
      readPage(
        "p.md",
        block("ts", "export {}") +
          block("ts", "throw new Error()") +
          block("ts fragment", "throw new Error()")
      ),
      place.stack
    )
    expect(faults.map(({ line }) => line)).toEqual([4])
  })
})

it("there is a model to try things with", () => {
  expect(new TextDecoder().decode(sampleModel())).toContain("twice")
})

it("jq is there for machines without one", async () => {
  expect(await jq(["-rc", ".a[]"], '{"a": ["x", {"b": 1}]}')).toBe('x\n{"b":1}\n')
})
