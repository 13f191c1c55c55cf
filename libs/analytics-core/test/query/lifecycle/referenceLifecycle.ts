import type { LifecycleState } from "../../../src/query/lifecycle/Lifecycle.ts"

export interface ReferenceEvent {
  readonly person: number
  readonly at: number
}

export interface ReferenceRange {
  readonly starts: ReadonlyArray<number>
  /** Where the bucket before the first one begins. */
  readonly before: number
  readonly from: number
  readonly to: number
}

/** Asks the definition of each state, of each person in each bucket. */
export const lifecycle = (
  { starts, before, from, to }: ReferenceRange,
  events: ReadonlyArray<ReferenceEvent>
): ReadonlyArray<Record<LifecycleState, ReadonlyArray<number>>> => {
  const people = [...new Set(events.map(({ person }) => person))].sort((a, b) => a - b)
  const isActive = (person: number, low: number, high: number) =>
    events.some(
      (event) => event.person === person && event.at >= low && event.at < high
    )
  const bucket = (index: number): readonly [number, number] =>
    index < 0
      ? [before, starts[0] ?? from]
      : [Math.max(from, starts[index] ?? 0), Math.min(to, starts[index + 1] ?? to)]
  return starts.map((_, index) => {
    const [low, high] = bucket(index)
    const isHere = (person: number) => isActive(person, low, high)
    const wasThere = (person: number) => isActive(person, ...bucket(index - 1))
    const isNew = (person: number) =>
      isHere(person) && !isActive(person, -Infinity, low)
    return {
      new: people.filter(isNew),
      returning: people.filter((person) => isHere(person) && wasThere(person)),
      resurrecting: people.filter(
        (person) => isHere(person) && !wasThere(person) && !isNew(person)
      ),
      dormant: people.filter((person) => wasThere(person) && !isHere(person))
    }
  })
}
