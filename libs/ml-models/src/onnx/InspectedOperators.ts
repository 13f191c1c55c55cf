import type { Inspection } from "./Inspection.ts"
import { Unreadable } from "./ProtoWalk.ts"

/** Operators of a file, and how many they are when its functions are unfolded. */
export class InspectedOperators {
  private readonly counts = new Map<string, Operator>()
  /** Of each function the nodes in it, by key; `""` is the graph itself. */
  private readonly bodies = new Map<string, Map<string, number>>()
  private body = this.bodyOf("")
  private readonly listed: Array<Inspection["functions"][number]> = []
  private nodes = 0

  add(domain: string, type: string) {
    if (++this.nodes > NODES) throw new Unreadable("It has more nodes than can be.")
    const key = keyOf(domain, type)
    const known = this.counts.get(key)
    if (known === undefined) {
      if (this.counts.size >= KINDS) {
        throw new Unreadable("It has more kinds of operators than can be.")
      }
      this.counts.set(key, { domain, type, count: 1 })
    } else known.count++
    this.body.set(key, (this.body.get(key) ?? 0) + 1)
  }

  /** A function of the file; what `nodes` adds is in it. Its name may follow its nodes. */
  inFunction(nodes: () => { readonly domain: string; readonly name: string }) {
    if (this.listed.length >= FUNCTIONS) {
      throw new Unreadable("It has more functions than can be.")
    }
    const outer = this.body
    this.body = new Map()
    const named = nodes()
    const key = keyOf(named.domain, named.name)
    // Overloads have one name; whichever is called, it is not more than all of them.
    for (const [called, times] of this.bodies.get(key) ?? []) {
      this.body.set(called, (this.body.get(called) ?? 0) + times)
    }
    this.bodies.set(key, this.body)
    this.listed.push(named)
    this.body = outer
  }

  get inspected(): Pick<
    Inspection,
    "operators" | "nodes" | "unfoldedNodes" | "functions"
  > {
    const operators = [...this.counts.values()].sort(
      (one, other) =>
        other.count - one.count ||
        (keyOf(one.domain, one.type) < keyOf(other.domain, other.type) ? -1 : 1)
    )
    return {
      operators,
      nodes: this.nodes,
      unfoldedNodes: this.unfolded("", new Map()),
      functions: this.listed
    }
  }

  /** The runtime puts the nodes of a function where it is called, again and again. */
  private unfolded(key: string, known: Map<string, number>): number {
    const kept = known.get(key)
    if (kept !== undefined) return kept
    // One that calls itself has no end; the runtime refuses it.
    known.set(key, Number.MAX_SAFE_INTEGER)
    let nodes = 0
    for (const [called, times] of this.bodies.get(key) ?? []) {
      const each = this.bodies.has(called) ? this.unfolded(called, known) : 1
      nodes = Math.min(nodes + times * each, Number.MAX_SAFE_INTEGER)
    }
    known.set(key, nodes)
    return nodes
  }

  private bodyOf(key: string) {
    const body = new Map<string, number>()
    this.bodies.set(key, body)
    return body
  }
}

interface Operator {
  readonly domain: string
  readonly type: string
  count: number
}

const keyOf = (domain: string, type: string) => `${domain}\n${type}`

const NODES = 1_000_000
const KINDS = 10_000
/** Also how deeply functions call each other, at most. */
const FUNCTIONS = 2_000
