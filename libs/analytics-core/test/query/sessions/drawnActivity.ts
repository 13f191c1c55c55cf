import fc from "fast-check"
import type { Filter } from "../../../src/query/Filter.ts"
import type { TestEvent, TestLink } from "../eventStore.ts"

export const START = Date.UTC(2025, 2, 1)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const event = fc.record({
  event: fc.constantFrom("a", "a", "b", "$pageview", "$identify"),
  at: fc.oneof(
    // Close together, at the border of the timeout, and sometimes at one instant.
    fc.integer({ min: -10, max: 120 }).map((half) => START + half * 30 * MINUTE),
    fc.integer({ min: -3, max: 30 }).map((ms) => START + 30 * MINUTE + ms),
    fc.integer({ min: -2 * DAY, max: 4 * DAY }).map((ms) => START + ms)
  ),
  delay: fc.constantFrom(0, 0, 0, 5 * DAY),
  person: fc.integer({ min: 1, max: 4 }),
  isBot: fc.constantFrom(false, false, false, false, true),
  browser: fc.constantFrom("", "Chrome", "Firefox"),
  props: fc.dictionary(
    fc.constantFrom("path", "p"),
    fc.constantFrom("/", "/a", "/b", "", 1, "1", true, null),
    { maxKeys: 2 }
  ),
  context: fc.dictionary(
    fc.constantFrom("page.path"),
    fc.constantFrom("/", "/c", "", 7, null),
    {
      maxKeys: 1
    }
  )
})
/** A person who stays for days without a pause, whose sessions the day cuts. */
const stay = fc
  .record({
    person: fc.integer({ min: 1, max: 2 }),
    first: fc.integer({ min: -40, max: 20 }),
    step: fc.constantFrom(28, 30),
    count: fc.integer({ min: 40, max: 130 })
  })
  .map(({ count, first, person, step }) =>
    Array.from({ length: count }, (_, index) => ({
      event: "a",
      at: START + first * HOUR + index * step * MINUTE,
      delay: 0,
      person,
      isBot: false,
      browser: "Chrome",
      props: { path: ["/", "/", "/a"][index % 3] ?? "/", p: index % 5 },
      context: {}
    }))
  )
const link = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  person: fc.integer({ min: 1, max: 4 }),
  knownAt: fc.constantFrom(START, START + DAY, START + 30 * DAY)
})

interface DrawnEvent extends Omit<TestEvent, "messageId"> {
  readonly delay: number
}

interface Link {
  readonly id: number
  readonly person: number
  readonly knownAt: number
}

export interface Activity {
  readonly events: ReadonlyArray<DrawnEvent>
  readonly links: ReadonlyArray<Link>
}

/** Events of few people in a few days, and who is who. */
export const activity: fc.Arbitrary<Activity> = fc.record({
  events: fc
    .tuple(fc.array(event, { maxLength: 50 }), fc.oneof(fc.constant([]), stay))
    .map(([some, many]): ReadonlyArray<DrawnEvent> => [...some, ...many]),
  links: fc.oneof(fc.constant<Array<Link>>([]), fc.array(link, { maxLength: 4 }))
})

const filters: ReadonlyArray<ReadonlyArray<Filter>> = [
  [],
  [],
  [{ property: "p", op: "is_not", value: 1 }],
  [{ property: "path", op: "is", value: "/a" }],
  [
    { property: "p", op: "is_set" },
    { property: "$browser", op: "is", value: "Chrome" }
  ]
]

/** What sessions and paths are asked about alike. */
export const asked = {
  timeoutSeconds: fc.constantFrom(undefined, undefined, 60, 3600, 86_400),
  property: fc.constantFrom(undefined, undefined, "p", "$event", "$browser"),
  filters: fc.constantFrom(...filters),
  includeBots: fc.boolean(),
  fromOffset: fc.constantFrom(0, 7 * MINUTE + 1, HOUR),
  length: fc.constantFrom(DAY, 2 * DAY + 1_234_567),
  watermark: fc.constantFrom(START + 2 * DAY, START + 40 * DAY)
}

/** The drawn events as rows of a project; message ids do not follow the time. */
export const rowsOf = (
  { events, links }: Activity,
  project: number
): { events: ReadonlyArray<TestEvent>; links: ReadonlyArray<TestLink> } => ({
  events: events.map(({ delay, ...fields }, index) => ({
    ...fields,
    ...(fields.event === "$pageview" ? { type: "page" } : {}),
    project,
    knownAt: fields.at + delay,
    messageId: `m${String((index * 37) % 1000).padStart(4, "0")}`
  })),
  links: links.map((fields, version) => ({ ...fields, project, version }))
})
