/** A node of EXPLAIN AST: `Function plus (alias total) (children 1)`. */
export interface Node {
  /** `Function`, `Identifier`, `SelectQuery` … */
  readonly type: string
  /** What stands behind it: a function's name, a literal. */
  readonly text: string
  readonly children: ReadonlyArray<Node>
}

interface Growing extends Node {
  readonly children: Array<Node>
}

const line =
  /^(?<indent> *)(?<type>[A-Za-z]+)(?: (?<text>.*?))??(?: \(alias .*\))?(?: \(children \d+\))?$/su

/** Undefined where the lines are no tree. */
export const treeOf = (lines: ReadonlyArray<string>): Node | undefined => {
  const open: Array<Growing> = []
  let root: Growing | undefined
  for (const each of lines) {
    const groups = line.exec(each)?.groups
    if (!groups) return undefined
    const { indent = "", text = "", type = "" } = groups
    const node: Growing = { type, text, children: [] }
    const depth = indent.length
    if (depth > open.length || (depth === 0) !== (root === undefined)) return undefined
    root ??= node
    open[depth - 1]?.children.push(node)
    open.length = depth
    open.push(node)
  }
  return root
}
