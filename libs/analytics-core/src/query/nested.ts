import { breakdownValue } from "./breakdownValue.ts"

interface Branch {
  [name: string]: unknown
}

/**
 * The object whose leaves the store keeps as path → JSON text: the inverse of
 * flattening. Where two leaves contradict each other (`a` and `a.b`, from two messages),
 * the later one in the order given replaces the earlier.
 */
export const nested = (
  leaves: Iterable<readonly [path: string, json: string]>
): Branch => {
  const root: Branch = {}
  const branches = new Set<object>([root])
  for (const [path, json] of leaves) {
    const names = namesOf(path)
    const last = names.pop() ?? ""
    let at = root
    for (const name of names) {
      const member = Object.hasOwn(at, name) ? at[name] : undefined
      at = isBranch(member, branches) ? member : put(at, name, newBranch(branches))
    }
    put(at, last, breakdownValue("json", json))
  }
  return root
}

/** Whether it was made here: an object of the client is an empty leaf. */
const isBranch = (value: unknown, branches: Set<object>): value is Branch =>
  typeof value === "object" && value !== null && branches.has(value)

const newBranch = (branches: Set<object>): Branch => {
  const branch: Branch = {}
  branches.add(branch)
  return branch
}

/** An assignment to `__proto__` would be lost. */
const put = <A>(branch: Branch, name: string, value: A): A => {
  Object.defineProperty(branch, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true
  })
  return value
}

/** Dots part names; a backslash before a dot or a backslash takes it as it is. */
const namesOf = (path: string): Array<string> => {
  const names = [""]
  for (let at = 0; at < path.length; at++) {
    const here = path[at] ?? ""
    if (here === ".") names.push("")
    else {
      const escaped = here === "\\" ? path[++at] : undefined
      names.push((names.pop() ?? "") + (escaped ?? here))
    }
  }
  return names
}
