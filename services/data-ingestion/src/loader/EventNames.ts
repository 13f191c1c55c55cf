export const WARN_ABOVE = 2_000
export const MOST_NAMES = 10_000

/**
 * The event names of each project. Names are columns of every index and answer: a client
 * that puts ids into names would make all of them slow, so there is a limit.
 */
export class EventNames {
  readonly #names = new Map<number, Set<string>>()
  readonly #crowded = new Set<number>()

  /** Projects that went over the warning line since the last call. */
  takeCrowded(): ReadonlyArray<number> {
    const crowded = [...this.#crowded]
    this.#crowded.clear()
    return crowded
  }

  /** Whether the project may have a name. */
  allows(projectId: number, name: string): boolean {
    const names = this.#names.get(projectId)
    return names === undefined || names.size < MOST_NAMES || names.has(name)
  }

  /** Notes the name of an event that is to be stored. */
  admit(projectId: number, name: string): void {
    let names = this.#names.get(projectId)
    if (names === undefined) {
      names = new Set()
      this.#names.set(projectId, names)
    }
    if (names.has(name)) return
    names.add(name)
    if (names.size === WARN_ABOVE + 1) this.#crowded.add(projectId)
  }
}
