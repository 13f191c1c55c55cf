import type { Outcome } from "./Batch.ts"

/** Adds up what became of the events of a batch. */
export class OutcomeCounts {
  readonly #counts = new Map<string, { -readonly [K in keyof Outcome]: Outcome[K] }>()

  add(projectId: number, outcome: Outcome["outcome"], reason = "", events = 1): void {
    const key = `${projectId} ${outcome} ${reason}`
    const counted = this.#counts.get(key)
    if (counted === undefined)
      this.#counts.set(key, { projectId, outcome, reason, events })
    else counted.events += events
  }

  get list(): ReadonlyArray<Outcome> {
    return [...this.#counts.values()]
  }
}
