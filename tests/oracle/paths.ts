import type { Json, World } from "./Model.ts"
import { type PathsRequest, rangeOf } from "./requests.ts"
import { sessionsOf } from "./sessionize.ts"
import { stepValue } from "./sessions.ts"

interface Edge {
  readonly from: Json
  readonly to: Json
  /** The number of the step `from`, from 1. */
  readonly position?: number
  readonly count: number
}

export interface PathsResult {
  readonly edges: ReadonlyArray<Edge>
}

const same = (a: Json | undefined, b: Json | undefined) =>
  JSON.stringify(a) === JSON.stringify(b)

/** Transitions between the steps of sessions. */
export const paths = (world: World, request: PathsRequest): PathsResult => {
  const { from, to } = rangeOf(request)
  const { start, end, contains, maxSteps = 5, minCount = 1 } = request
  const { collapseRepeats = true, positions = true } = request
  const walks = sessionsOf(world, from, to, 1_800_000).flatMap((session) => {
    const steps = session.events
      .map((event) => stepValue(world, event, request.property))
      .filter((value) => value !== null)
    const collapsed = collapseRepeats
      ? steps.filter((step, index) => index === 0 || !same(step, steps[index - 1]))
      : steps
    const first =
      start === undefined ? 0 : collapsed.findIndex((step) => same(step, start))
    if (first < 0) return []
    const rest = collapsed.slice(first)
    // An end is looked for after the start.
    const last =
      end === undefined
        ? rest.length - 1
        : rest.findIndex(
            (step, index) => same(step, end) && (start === undefined || index > 0)
          )
    if (last < 0) return []
    const walk = rest.slice(0, last + 1).slice(0, maxSteps)
    return contains === undefined || walk.some((step) => same(step, contains))
      ? [walk]
      : []
  })
  const edges = walks.flatMap((walk) =>
    walk.slice(1).map(
      (step, index): Omit<Edge, "count"> => ({
        from: walk[index] ?? null,
        to: step,
        ...(positions ? { position: index + 1 } : {})
      })
    )
  )
  return {
    edges: [...Map.groupBy(edges, (edge) => JSON.stringify(edge)).values()]
      .map((equal) => ({
        ...(equal[0] ?? { from: null, to: null }),
        count: equal.length
      }))
      .filter((edge) => edge.count >= minCount)
  }
}
