import type { Frame } from "./Batch.ts"

/** Events that a row says it holds, by project, and that were not found in it so far. */
export class Owed {
  readonly #counts: Map<number, number>
  #missing: number

  constructor({ projectCounts, projectIds }: Omit<Frame, "frame">) {
    this.#counts = new Map(
      projectIds.map((id, i) => [Number(id), projectCounts[i] ?? 0])
    )
    this.#missing = this.#counts.values().reduce((sum, events) => sum + events, 0)
  }

  /** Notes a line, of a project if it can be read. */
  found(projectId?: number): void {
    this.#missing--
    if (projectId !== undefined) this.#take(projectId)
  }

  /** A project of which an event has not been found yet: it gets a line of nobody. */
  takeAny(): number {
    let [projectId = 0] = this.#counts.keys()
    for (const [id, events] of this.#counts)
      if (events > 0) {
        projectId = id
        break
      }
    this.#take(projectId)
    return projectId
  }

  #take(projectId: number): void {
    this.#counts.set(projectId, (this.#counts.get(projectId) ?? 0) - 1)
  }

  /** What is in no line, by project. */
  *lost(): Generator<readonly [projectId: number, events: number]> {
    let left = this.#missing
    for (const [projectId, counted] of this.#counts) {
      const events = Math.min(counted, left)
      if (events <= 0) continue
      left -= events
      yield [projectId, events]
    }
  }
}
