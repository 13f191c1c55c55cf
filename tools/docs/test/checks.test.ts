import { describe, expect, it } from "bun:test"
import { checkLinks } from "../src/checkLinks.ts"
import { checkShell, checkTypes } from "../src/checkPrograms.ts"
import { type Commands, checkSamples, optOutsOfAPage } from "../src/checkSamples.ts"
import { sayFault } from "../src/Fault.ts"
import { readPage, slugOf } from "../src/Page.ts"

const fence = "```"
const block = (info: string, text: string) => `${fence}${info}\n${text}\n${fence}\n`

describe("links", () => {
  const index = readPage(
    "docs/README.md",
    [
      "# Index",
      "[a](a.md#two-words) [b](b.md#missing) ![p](images/p.svg) [r](../README.md)",
      "[c](c.md) [x](https://example.com) [y](http://github.com) [z](../../out)",
      '<img src="images/q.svg">'
    ].join("\n\n")
  )
  const pages = [
    index,
    readPage("docs/a.md", "# A\n## Two words\n## Two words\n[again](#two-words-1)"),
    readPage("docs/b.md", "# B"),
    readPage("README.md", "# Root"),
    readPage("docs/lost.md", "# Lost")
  ]
  const files = new Set([...pages.map(({ path }) => path), "docs/images/p.svg"])

  it("that lead nowhere are named with their line", () => {
    const faults = checkLinks(pages, (path) => files.has(path)).map(sayFault)
    expect(faults).toEqual([
      "docs/README.md:3 b.md#missing: docs/b.md has no heading #missing",
      "docs/README.md:5 c.md: there is no docs/c.md",
      "docs/README.md:5 example.com is not on the list of hosts in tools/docs/src/checkLinks.ts",
      "docs/README.md:5 http://github.com is not https:",
      "docs/README.md:5 ../../out leads out of the repository",
      "docs/README.md:7 images/q.svg: there is no docs/images/q.svg",
      "docs/lost.md:1 no link leads to it from docs/README.md"
    ])
  })

  it("name headings as GitHub does", () => {
    expect(slugOf('`kind`: "people", and Größe — 2.0')).toBe(
      "kind-people-and-größe--20"
    )
  })
})

const commands: Commands = {
  targets: new Set(["start"]),
  scripts: new Set(["cli"]),
  exists: () => false
}

const faultsIn = (text: string) =>
  checkSamples([readPage("p.md", text)], commands).map(({ reason }) => reason)

describe("samples", () => {
  it("name a language that is known", () => {
    expect(faultsIn(block("", "x"))).toHaveLength(1)
    expect(faultsIn(block("perl", "x"))[0]).toStartWith("perl is none of")
    expect(faultsIn(block("text", "x"))).toEqual([])
  })

  it("of JSON, YAML and TOML parse", () => {
    expect(faultsIn(block("json", '{"a": 1'))).toHaveLength(1)
    expect(faultsIn(block("json answer", '{"a": "…"}'))).toEqual([])
    expect(faultsIn(block("yaml", "a: [1"))).toHaveLength(1)
    expect(faultsIn(block("yaml", "a: [1]"))).toEqual([])
    expect(faultsIn(block("toml", "a = "))).toHaveLength(1)
  })

  it("of questions are read by the query language", () => {
    expect(faultsIn(block("json query", '{"kind": "trends"}'))[0]).toContain("/series")
    const right = '{"kind": "sql", "query": "SELECT 1"}'
    expect(faultsIn(block("json query", right))).toEqual([])
  })

  it("call what can be called", () => {
    expect(faultsIn(block("sh", "make strat"))).toEqual([
      "make strat: there is no such thing"
    ])
    expect(faultsIn(block("console", "$ bun run cli x\nmake"))).toEqual([])
    expect(faultsIn(block('sh no-run="why"', "bun run nothing"))).toHaveLength(1)
  })

  it("say why they are not run, and are few", () => {
    expect(faultsIn(block('json no-run="a part of one"', '{"a": …'))).toEqual([])
    expect(faultsIn(block('json no-run=" "', "{}"))).toEqual([
      "no-run without a reason"
    ])
    const many = block('text no-run="x"', "").repeat(optOutsOfAPage + 1)
    expect(faultsIn(many)).toHaveLength(1)
  })
})

describe("programs", () => {
  it("of a shell that cannot be read are named", async () => {
    const page = readPage("p.md", `${block("sh", "echo")}${block("sh", "if then")}`)
    const faults = await checkShell([page])
    expect(faults.map(({ line }) => line)).toEqual([4])
  })

  it("of TypeScript that do not compile are named by their line", async () => {
    const page = readPage(
      "p.md",
      block(
        "ts",
        'import { Analytics } from "@segment/analytics-node"\nnew Analytics({ key: "" })'
      )
    )
    const faults = await checkTypes([page])
    expect(faults.map(({ line }) => line)).toEqual([3])
    expect(faults[0]?.reason).toContain("key")
  }, 60_000)
})
