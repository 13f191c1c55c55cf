import type { Schema } from "effect"
import type { Filter } from "../../../src/query/Filter.ts"
import type { TimeBuckets } from "../../../src/query/TimeBuckets.ts"
import type { TestEvent, TestLink } from "../eventStore.ts"
import { holds } from "../referenceFilter.ts"

const DAY = 86_400_000

/** What the reference answers about; every default already filled in. In UTC. */
export interface ReferenceQuery {
  readonly event: string | undefined
  readonly measure: string
  readonly property: string
  readonly filters: ReadonlyArray<Filter>
  readonly buckets: TimeBuckets
  readonly from: number
  readonly to: number
  readonly watermark: number
  readonly includeBots: boolean
  readonly breakdown: string | undefined
  readonly limit: number
}

export interface ReferenceLine {
  readonly breakdown: Schema.Json | undefined
  readonly other: boolean
  readonly data: ReadonlyArray<number | null>
}

/** Something that counts: an event, or a session. */
interface Counted {
  readonly at: number
  readonly person: number
  readonly value: Schema.Json
  readonly group: Schema.Json
}

/** Trends as semantics define them, event by event. */
export const referenceTrends = (
  events: ReadonlyArray<TestEvent>,
  links: ReadonlyArray<TestLink>,
  query: ReferenceQuery
): ReadonlyArray<ReferenceLine> => {
  const personOf = (id: number) => {
    const known = links.filter(
      (link) => link.id === id && link.knownAt <= query.watermark
    )
    known.sort((a, b) => a.knownAt - b.knownAt || a.version - b.version)
    return known.at(-1)?.person ?? id
  }
  const visible = events.filter(
    (event) =>
      (event.knownAt ?? event.at) <= query.watermark &&
      (query.includeBots || !event.isBot)
  )
  const isActivity = ({ event }: TestEvent) =>
    !["$identify", "$group", "$alias"].includes(event)
  const traitOf = (person: number, path: string): Schema.Json => {
    const carriers = events
      .filter(
        (event) =>
          event.event === "$identify" &&
          (event.knownAt ?? event.at) <= query.watermark &&
          personOf(event.person) === person &&
          (event.props?.[path] ?? null) !== null
      )
      .sort((a, b) => a.at - b.at || (a.messageId < b.messageId ? -1 : 1))
    return carriers.at(-1)?.props?.[path] ?? null
  }
  const propertyOf = (event: TestEvent, path: string): Schema.Json =>
    path === "$browser"
      ? event.browser || null
      : path.startsWith("user.")
        ? traitOf(personOf(event.person), path.slice(5))
        : (event.props?.[path] ?? null)
  const isMatch = (event: TestEvent) =>
    (query.event === undefined ? isActivity(event) : event.event === query.event) &&
    query.filters.every((filter) => holds(filter, (path) => propertyOf(event, path)))
  const counted = (event: TestEvent, at = event.at): Counted => ({
    at,
    person: personOf(event.person),
    value: propertyOf(event, query.property),
    group: query.breakdown === undefined ? null : propertyOf(event, query.breakdown)
  })

  const things =
    query.measure === "sessions"
      ? sessions(visible.filter(isActivity), personOf, query)
          .filter((session) => session.some(isMatch))
          .map((session) => {
            const first = session.find(isMatch) ?? session[0]
            if (!first) throw new Error("an empty session")
            return counted(first, session[0]?.at)
          })
      : visible.filter(isMatch).map((event) => counted(event))
  const days = /trailing_(\d+)d/u.exec(query.measure)?.[1]
  const windows = query.buckets.starts.map((start, index) => {
    const end = Math.min(query.buckets.starts[index + 1] ?? query.buckets.end, query.to)
    if (days === undefined) return { start: Math.max(start, query.from), end }
    return { start: Math.floor((end - 1) / DAY) * DAY - (Number(days) - 1) * DAY, end }
  })
  const whole = { start: Math.min(...windows.map(({ start }) => start)), end: query.to }
  const inside = (
    window: { start: number; end: number },
    all: ReadonlyArray<Counted>
  ) => all.filter(({ at }) => at >= window.start && at < window.end)
  const line = (all: ReadonlyArray<Counted>) =>
    windows.map((window) => measure(query.measure, inside(window, all)))

  const ranged = inside(whole, things)
  if (query.breakdown === undefined)
    return [{ breakdown: undefined, other: false, data: line(ranged) }]
  const groups = new Map<string, Array<Counted>>()
  for (const thing of ranged) {
    const key = JSON.stringify(thing.group)
    groups.set(key, [...(groups.get(key) ?? []), thing])
  }
  const ranked = [...groups.values()].sort((a, b) => {
    const [x, y] = [measure(query.measure, a), measure(query.measure, b)]
    if (x !== y) return x === null ? 1 : y === null ? -1 : y - x
    return order(a[0]?.group ?? null, b[0]?.group ?? null)
  })
  const rest = ranked.slice(query.limit).flat()
  return [
    ...ranked.slice(0, query.limit).map((members) => ({
      breakdown: members[0]?.group ?? null,
      other: false,
      data: line(members)
    })),
    ...(rest.length > 0
      ? [{ breakdown: undefined, other: true, data: line(rest) }]
      : [])
  ]
}

/** Numbers first and as numbers, then missing, then text. */
const order = (a: Schema.Json, b: Schema.Json): number => {
  if (typeof a === "number" && typeof b === "number") return a - b
  if (typeof a === "number" || typeof b === "number")
    return typeof a === "number" ? -1 : 1
  const [x, y] = [a, b].map((value) => (value === null ? "" : JSON.stringify(value)))
  return (x ?? "") < (y ?? "") ? -1 : 1
}

const measure = (name: string, things: ReadonlyArray<Counted>): number | null => {
  const people = new Set(things.map(({ person }) => person)).size
  const numbers = things
    .flatMap(({ value }) => (typeof value === "number" ? [value] : []))
    .sort((a, b) => a - b)
  const sum = numbers.reduce((total, number) => total + number, 0)
  const quantile = (level: number) => {
    const at = (numbers.length - 1) * level
    const low = numbers[Math.floor(at)]
    const high = numbers[Math.ceil(at)]
    return low === undefined || high === undefined
      ? null
      : low + (high - low) * (at % 1)
  }
  if (name === "total" || name === "sessions") return things.length
  if (name === "unique_users" || name.startsWith("active_users")) return people
  if (name === "total_per_user") return people === 0 ? null : things.length / people
  if (name === "sum") return sum
  if (name === "avg") return numbers.length === 0 ? null : sum / numbers.length
  if (name === "min") return numbers[0] ?? null
  if (name === "max") return numbers.at(-1) ?? null
  return quantile(name === "median" ? 0.5 : Number(name.slice(1)) / 100)
}

/** Gaps over half an hour part sessions, and so does a day since their start. */
const sessions = (
  events: ReadonlyArray<TestEvent>,
  personOf: (id: number) => number,
  { from, to }: ReferenceQuery
): ReadonlyArray<ReadonlyArray<TestEvent>> => {
  const looked = events
    .filter(({ at }) => at >= from - DAY && at < to + DAY)
    .sort((a, b) => a.at - b.at || (a.messageId < b.messageId ? -1 : 1))
  const open = new Map<number, Array<TestEvent>>()
  const all: Array<Array<TestEvent>> = []
  for (const event of looked) {
    const person = personOf(event.person)
    const session = open.get(person)
    const [first] = session ?? []
    const last = session?.at(-1)
    if (
      session &&
      first &&
      last &&
      event.at - last.at <= 1_800_000 &&
      event.at - first.at <= DAY
    )
      session.push(event)
    else {
      const started = [event]
      open.set(person, started)
      all.push(started)
    }
  }
  return all.filter(([first]) => first && first.at >= from && first.at < to)
}
