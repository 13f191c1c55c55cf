import { expect, it } from "bun:test"
import { checks } from "../src/cross/checks.ts"
import { page, tools } from "../src/policies/page.ts"
import { policies } from "../src/policies/policies.ts"

it("is the page in the documentation", async () => {
  const file = `${import.meta.dir}/../../../docs/operations/policies.md`
  expect(await Bun.file(file).text()).toBe(page())
})

it("answers every rule by rules that there are, or by a reason", () => {
  const ours = new Set([...policies, ...checks].map(({ id }) => id).concat("schema"))
  for (const [, references] of tools)
    for (const { by = [], id, not = "" } of references) {
      expect([id, ...by.filter((each) => !ours.has(each))]).toEqual([id])
      expect([id, by.length > 0 || not !== ""]).toEqual([id, true])
    }
})

it("calls no two rules the same", () => {
  const ids = [...policies, ...checks].map(({ id }) => id)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})
