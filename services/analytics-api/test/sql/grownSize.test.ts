import { describe, expect, it } from "bun:test"
import { refusalOf } from "../../src/sql/checkQuery.ts"
import { grownSize, MOST_NODES } from "../../src/sql/grownSize.ts"
import type { Node } from "../../src/sql/syntaxTree.ts"
import { tokensOf } from "../../src/sql/writtenText.ts"

const node = (type: string, ...children: ReadonlyArray<Node>): Node => ({
  type,
  text: "",
  children
})
const list = (...children: ReadonlyArray<Node>) => node("ExpressionList", ...children)
const one = node("SelectQuery", list(node("Literal")))
const union = (...selects: ReadonlyArray<Node>) =>
  node("SelectWithUnionQuery", list(...selects))

/** `WITH a AS (…) SELECT 1 UNION ALL SELECT 1 …`, and so on inside. */
const nested = (depth: number, others: number): Node =>
  depth === 0
    ? union(one)
    : union(
        node("SelectQuery", list(node("WithElement", nested(depth - 1, others)))),
        ...Array.from({ length: others }, () => one)
      )

const written = (depth: number, others: number): string =>
  depth === 0
    ? "SELECT 1"
    : `WITH a AS (${written(depth - 1, others)}) SELECT 1${" UNION ALL SELECT 1".repeat(others)}`

const refusal = (depth: number, others: number) =>
  refusalOf({
    tokens: tokensOf(written(depth, others)) ?? [],
    tree: nested(depth, others),
    params: [],
    tables: new Set()
  })

describe("the size of what the engine makes of a query", () => {
  it("is what is written where nothing is copied", () => {
    expect(grownSize(one)).toBe(3)
    expect(grownSize(union(one))).toBe(5)
    expect(grownSize(nested(3, 0))).toBe(5 + 3 * 5)
  })

  it("grows by a copy for each other SELECT, and of copies again", () => {
    // The first SELECT has 3 nodes and 5 of what it names; two others have 3 each.
    expect(grownSize(nested(1, 2))).toBe(2 + 8 + 2 * 3 + 2 * 8)
    for (const depth of [1, 2, 3, 6, 12])
      expect(grownSize(nested(depth, 10))).toBeGreaterThan(11 ** depth)
  })

  it("is refused when it is more than the engine takes, before it is asked", () => {
    expect(refusal(2, 3)).toBeUndefined()
    expect(grownSize(nested(12, 10))).toBeGreaterThan(MOST_NODES)
    expect(refusal(12, 10)).toEqual({
      pointer: "/query",
      detail: "WITH before a union is copied into its SELECTs, which are too many"
    })
  })
})
