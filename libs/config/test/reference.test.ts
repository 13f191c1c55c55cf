import { describe, expect, it } from "bun:test"
import { join } from "node:path"
import { Result } from "effect"
import { reference } from "../src/reference.ts"
import type { Variable } from "../src/Variable.ts"
import { variables } from "../src/variables.ts"

describe("the registry of variables", () => {
  it("is what docs/configuration.md shows (else: bun run docs:config)", async () => {
    const path = join(import.meta.dir, "../../../docs/configuration.md")
    expect(await Bun.file(path).text()).toBe(reference())
  })

  it.each(Object.entries<Variable<unknown>>(variables))(
    "%s can go without a value unless it is required",
    (_, variable) => {
      const read = variable.read(undefined)
      expect(Result.isSuccess(read)).toBe(variable.fallback !== "required")
    }
  )
})

/** What a source file reads from the environment by name. */
const readIn = (source: string): ReadonlyArray<string> =>
  [
    ...source.matchAll(/\benv\["([A-Z_]+)"\]/g),
    ...source.matchAll(/\b(?:Config\.\w+|optional)\("([A-Z_]+)"/g)
  ].map(([, name = ""]) => name)

/** The operating system's, what only test runs set, what a parent tells its own child. */
const notOurs = /^(PATH|HOSTNAME|TEST_.*|EMBEDDED_CLICKHOUSE_PARENT)$/

describe("the sources", () => {
  it("read no variable that the registry does not list", async () => {
    const root = join(import.meta.dir, "../../..")
    const unlisted: Array<string> = []
    for await (const file of new Bun.Glob("{libs,services,tools}/*/src/**/*.ts").scan(
      root
    )) {
      const names = readIn(await Bun.file(join(root, file)).text())
      for (const name of names)
        if (!Object.hasOwn(variables, name) && !notOurs.test(name))
          unlisted.push(`${file}: ${name}`)
    }
    expect(unlisted).toEqual([])
  })
})
