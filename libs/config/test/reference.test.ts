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
