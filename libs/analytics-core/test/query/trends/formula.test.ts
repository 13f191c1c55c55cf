import { describe, expect, it } from "bun:test"
import { Result } from "effect"
import { evaluate, parseFormula } from "../../../src/query/trends/Formula.ts"

const values: Record<string, number | null> = { A: 6, B: 4, C: 0, Größe: 2, N: null }

const outcome = (text: string) =>
  Result.match(parseFormula(text, Object.keys(values)), {
    onSuccess: (formula) => evaluate(formula, (name) => values[name] ?? null),
    onFailure: (detail) => detail
  })

describe("a formula", () => {
  it.each([
    ["A / B", 1.5],
    ["A - B - 1", 1],
    ["A + B * 2", 14],
    ["(A + B) * 2", 20],
    ["A / B / 2", 0.75],
    ["-A + 1.5e1", 9],
    ["- (A - B)", -2],
    ["2 * -B", -8],
    ["A/Größe", 3],
    ["A / C", null],
    ["C / C", null],
    ["A + N", null],
    ["A * 1e308 * 1e308", null],
    [".5*B", 2]
  ])("%s is %p", (text, value) => {
    expect(outcome(text)).toBe(value)
  })

  it.each([
    ["A /", "The formula ends too early"],
    ["A B", "B cannot stand here"],
    ["(A", "A closing parenthesis is missing"],
    ["D + A", "No series is called D; there are A, B, C, Größe, N"],
    ["A; DROP TABLE events", "Character 2 is no name, number or operator"],
    ["* A", "* cannot stand here"],
    ["", "The formula ends too early"],
    ["(".repeat(60), "The formula nests too deep"]
  ])("%p is refused", (text, detail) => {
    expect(outcome(text)).toBe(detail)
  })
})
