import type { Node } from "./syntaxTree.ts"

/** Nodes of a tree, as many as the engine takes. */
export const MOST_NODES = 100_000

/**
 * How many nodes the engine makes of a tree: what the first SELECT of a union names with
 * WITH is copied into its other SELECTs, and each copy is copied on. Never too few; too
 * many where the first SELECT names nothing. Asked because the engine counts only after it
 * has copied, and a few lines can become more than fits into memory.
 */
export const grownSize = (tree: Node): number => measured(tree).nodes

interface Size {
  readonly nodes: number
  readonly selects: number
}

const measured = ({ children, type }: Node): Size => {
  const sizes = children.map(measured)
  const sum = sizes.reduce(plus, {
    nodes: 1,
    selects: type === "SelectQuery" ? 1 : 0
  })
  const [first, ...others] = sizes
  // The list of a union, or of anything else that holds several SELECTs.
  if (first === undefined || children[0]?.type !== "SelectQuery") return sum
  const copies = others.reduce(plus, nothing).selects
  return { nodes: sum.nodes + copies * first.nodes, selects: sum.selects }
}

const nothing: Size = { nodes: 0, selects: 0 }
const plus = (one: Size, other: Size): Size => ({
  nodes: one.nodes + other.nodes,
  selects: one.selects + other.selects
})
