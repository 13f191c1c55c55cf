import type { PathsChart } from "../Chart.ts"
import { chartLabel } from "./fitText.ts"

/** One place at one step. */
export interface FlowNode {
  readonly id: string
  readonly name: string
  /** From 0. */
  readonly column: number
  /** Of the people who came or went, the more. */
  readonly weight: number
  /** Among all nodes, as they are first named. */
  readonly order: number
  /** The same for the same name at every step. */
  readonly colorIndex: number
  /** Stands for the smaller ones of its step. */
  readonly rest: boolean
}

export interface FlowLink {
  readonly source: string
  readonly target: string
  /** People, as a share of the largest number that went one way. */
  readonly value: number
}

export interface Flow {
  readonly nodes: ReadonlyArray<FlowNode>
  readonly links: ReadonlyArray<FlowLink>
  readonly columns: number
  /** The step number of column 0. */
  readonly first: number
  /** Columns left out at the end. */
  readonly cut: number
  /** Places drawn as `others`. */
  readonly merged: number
}

/** More names would not fit beneath each other. */
const mostNames = 9

/** Ids of what is there for the layout alone. */
export const isSpine = (id: string): boolean => id.startsWith("spine ")

/**
 * The layout has as many columns as the longest way through them. Where no way leads
 * through all steps, one that nobody sees does.
 */
const spineOf = (
  nodes: ReadonlyArray<FlowNode>,
  links: ReadonlyArray<FlowLink>,
  columns: number
): Pick<Flow, "nodes" | "links"> => {
  const depth = new Map<string, number>()
  const into = Map.groupBy(links, ({ target }) => target)
  for (const { id } of nodes.toSorted((a, b) => a.column - b.column))
    depth.set(
      id,
      (into.get(id) ?? []).reduce(
        (most, { source }) => Math.max(most, (depth.get(source) ?? 0) + 1),
        0
      )
    )
  const deepest = [...depth.values()].reduce((most, one) => Math.max(most, one), 0)
  if (deepest >= columns - 1 || nodes.length === 0) return { nodes: [], links: [] }
  const smallest = links.reduce((least, { value }) => Math.min(least, value), 1)
  const at = (column: number) => `spine ${column}`
  return {
    nodes: Array.from({ length: columns }, (_, column) => ({
      id: at(column),
      name: "",
      column,
      weight: 0,
      order: nodes.length + column,
      colorIndex: 0,
      rest: true
    })),
    links: Array.from({ length: columns - 1 }, (_, column) => ({
      source: at(column),
      target: at(column + 1),
      value: smallest * 1e-6
    }))
  }
}

/** Paths as a graph of steps, of which each has at most ten places. */
export const flowOf = (chart: PathsChart, mostColumns: number): Flow => {
  const edges = chart.edges.filter(({ count }) => Number.isFinite(count) && count > 0)
  const positions = edges.map(({ position }) => position)
  const first = positions.reduce((least, at) => Math.min(least, at), Number.MAX_VALUE)
  const last = positions.reduce((most, at) => Math.max(most, at), 0)
  const all = edges.length === 0 ? 0 : Math.min(last - first + 2, 1000)
  const columns = Math.min(all, mostColumns)
  const shown = edges.filter(({ position }) => position - first + 1 < columns)
  const largest = shown.reduce((most, { count }) => Math.max(most, count), 0)

  const come = new Map<number, Map<string, number>>()
  const gone = new Map<number, Map<string, number>>()
  const add = (to: typeof come, column: number, name: string, count: number) => {
    const kept = to.get(column) ?? new Map<string, number>()
    to.set(column, kept)
    kept.set(name, (kept.get(name) ?? 0) + count)
  }
  for (const { from, to, position, count } of shown) {
    add(gone, position - first, from, count)
    add(come, position - first + 1, to, count)
  }

  const nodes: Array<FlowNode> = []
  const ids = new Map<string, string>()
  const colorOf = new Map<string, number>()
  let merged = 0
  for (let column = 0; column < columns; column++) {
    const [ins, outs] = [come.get(column), gone.get(column)]
    const names = new Set([...(outs?.keys() ?? []), ...(ins?.keys() ?? [])])
    const weights = [...names].map((name) => ({
      name,
      weight: Math.max(ins?.get(name) ?? 0, outs?.get(name) ?? 0)
    }))
    const sorted = weights.toSorted((a, b) => b.weight - a.weight)
    const kept = sorted.length > mostNames + 1 ? sorted.slice(0, mostNames) : sorted
    for (const { name, weight } of kept) {
      const id = `${column} ${nodes.length}`
      ids.set(`${column} ${name}`, id)
      if (!colorOf.has(name)) colorOf.set(name, colorOf.size)
      nodes.push({
        id,
        name: chartLabel(name),
        column,
        weight,
        order: nodes.length,
        colorIndex: colorOf.get(name) ?? 0,
        rest: false
      })
    }
    const others = sorted.slice(kept.length)
    if (others.length === 0) continue
    merged += others.length
    const id = `${column} ${nodes.length}`
    for (const { name } of others) ids.set(`${column} ${name}`, id)
    nodes.push({
      id,
      name: `${others.length} others`,
      column,
      weight: others.reduce((sum, { weight }) => sum + weight, 0),
      order: nodes.length,
      colorIndex: 0,
      rest: true
    })
  }

  const links = new Map<string, FlowLink>()
  for (const { from, to, position, count } of shown) {
    const source = ids.get(`${position - first} ${from}`)
    const target = ids.get(`${position - first + 1} ${to}`)
    if (source === undefined || target === undefined) continue
    const key = `${source} ${target}`
    // Of the largest: sums of the largest numbers there are would not be finite.
    const value = (links.get(key)?.value ?? 0) + Math.max(1e-6, count / largest)
    links.set(key, { source, target, value })
  }
  const spine = spineOf(nodes, [...links.values()], columns)
  return {
    nodes: [...nodes, ...spine.nodes],
    links: [...links.values(), ...spine.links],
    columns,
    first: edges.length === 0 ? 1 : first,
    cut: all - columns,
    merged
  }
}
