import { describe, expect, it } from "bun:test"
import { parseLcov } from "../src/Lcov.ts"
import { judge } from "../src/Verdict.ts"

const record = (file: string, lines: string, functions: string) => {
  const [hit, found] = lines.split("/")
  const [functionsHit, functionsFound] = functions.split("/")
  return `TN:\nSF:${file}\nFNF:${functionsFound}\nFNH:${functionsHit}\nDA:1,1\nLF:${found}\nLH:${hit}\nend_of_record\n`
}

describe("judge", () => {
  const report = parseLcov(
    record("libs/a/src/A.ts", "9/10", "4/4") +
      record("libs/a/src/B.ts", "7/10", "4/6") +
      record("libs/a/test/helper.ts", "0/90", "0/9")
  )
  const sources = ["libs/a/src/A.ts", "libs/a/src/B.ts"]

  it("adds up lines and functions of the source files alone", () => {
    expect(judge(sources, report, 0.8)).toEqual({
      lines: 0.8,
      functions: 0.8,
      notLoaded: [],
      passed: true
    })
  })

  it("fails below the threshold", () => {
    expect(judge(sources, report, 0.81).passed).toBe(false)
  })

  it("fails when no test loaded a file", () => {
    const verdict = judge([...sources, "libs/a/src/C.ts"], report, 0.8)
    expect(verdict.notLoaded).toEqual(["libs/a/src/C.ts"])
    expect(verdict.passed).toBe(false)
  })
})
