import type { Schema } from "effect"
import type { Filter } from "../../../src/query/Filter.ts"
import { pagePathOf, type TestEvent, type TestLink } from "../eventStore.ts"
import { holds } from "../referenceFilter.ts"

const DAY = 86_400_000

export interface ReferenceQuestion {
  readonly from: number
  readonly to: number
  readonly timeoutMs: number
  readonly includeBots: boolean
  readonly watermark: number
  readonly filters: ReadonlyArray<Filter>
}

export interface ReferenceSession {
  readonly person: number
  readonly events: ReadonlyArray<TestEvent>
  /** The first event that the filters let by. */
  readonly match: TestEvent
}

export const propertyOf = (event: TestEvent, path: string | undefined): Schema.Json => {
  if (path === undefined) return pagePathOf(event) ?? null
  if (path === "$event") return event.event
  if (path === "$browser") return event.browser || null
  return event.props?.[path] ?? null
}

/** Sessions as semantics define them, event by event; by start, then person. */
export const referenceSessions = (
  events: ReadonlyArray<TestEvent>,
  links: ReadonlyArray<TestLink>,
  asked: ReferenceQuestion
): ReadonlyArray<ReferenceSession> => {
  const personOf = (id: number) =>
    links
      .filter((link) => link.id === id && link.knownAt <= asked.watermark)
      .sort((a, b) => a.knownAt - b.knownAt || a.version - b.version)
      .at(-1)?.person ?? id
  const looked = events
    .filter(
      (event) =>
        !["$identify", "$group", "$alias"].includes(event.event) &&
        (event.knownAt ?? event.at) <= asked.watermark &&
        (asked.includeBots || !event.isBot) &&
        event.at >= asked.from - DAY
    )
    .sort((a, b) => a.at - b.at || (a.messageId < b.messageId ? -1 : 1))
  const open = new Map<number, Array<TestEvent>>()
  const all: Array<{ person: number; events: Array<TestEvent> }> = []
  for (const event of looked) {
    const person = personOf(event.person)
    const session = open.get(person)
    const [first] = session ?? []
    const last = session?.at(-1)
    const goesOn =
      first !== undefined &&
      last !== undefined &&
      event.at - last.at <= asked.timeoutMs &&
      event.at - first.at <= DAY
    if (goesOn) session?.push(event)
    else {
      const started = [event]
      open.set(person, started)
      all.push({ person, events: started })
    }
  }
  return all
    .flatMap(({ person, events: own }) => {
      const [first] = own
      const match = own.find((event) =>
        asked.filters.every((filter) =>
          holds(filter, (path) => propertyOf(event, path))
        )
      )
      return match && first && first.at >= asked.from && first.at < asked.to
        ? [{ person, events: own, match }]
        : []
    })
    .sort((a, b) => startOf(a) - startOf(b) || a.person - b.person)
}

export const startOf = ({ events }: ReferenceSession): number => events[0]?.at ?? 0

/** Mean, median and 95th percentile, the quantiles with linear interpolation. */
export const statistics = (numbers: ReadonlyArray<number>) => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const quantile = (level: number) => {
    const at = (sorted.length - 1) * level
    const low = sorted[Math.floor(at)] ?? 0
    return low + ((sorted[Math.ceil(at)] ?? 0) - low) * (at % 1)
  }
  return sorted.length === 0
    ? { mean: null, median: null, p95: null }
    : {
        mean: sorted.reduce((sum, number) => sum + number, 0) / sorted.length,
        median: quantile(0.5),
        p95: quantile(0.95)
      }
}
