import fc from "fast-check"
import { DAY, type World, type WorldEvent, type WorldLink } from "./World.ts"

export const CUT = Date.UTC(2025, 4, 14)
export const WATERMARK = CUT + 9 * DAY

/** Times collide, and lie on the bounds of windows as often as beside them. */
const when = fc
  .record({
    days: fc.integer({ min: -9, max: 6 }),
    off: fc.constantFrom(0, 0, -1, 1, 5 * 3_600_000, DAY / 2)
  })
  .map(({ days, off }) => CUT + days * DAY + off)

const IDS = 60

const oneIn = (times: number) => fc.nat(times - 1).map((roll) => roll === 0)

const leaf = fc.constantFrom<Array<WorldEvent["props"][string]>>(
  ...[1, 2.5, -3, 0, "1", "pro", true, ["pro", 2]]
)

const event: fc.Arbitrary<WorldEvent> = fc
  .record({
    id: fc.integer({ min: 1, max: IDS }),
    name: fc.constantFrom("A", "A", "B", "$identify"),
    at: when,
    late: fc.constantFrom(0, 0, 0, 3 * 3_600_000, 5 * DAY),
    isBot: oneIn(12),
    isNobody: oneIn(12),
    props: fc.dictionary(fc.constantFrom("x", "plan"), leaf, { maxKeys: 2 })
  })
  .map(({ late, ...rest }) => ({ ...rest, knownAt: rest.at + late }))

/** Ids stand for each other in groups of six, so that most people have several. */
const link: fc.Arbitrary<WorldLink> = fc
  .record({ id: fc.integer({ min: 1, max: IDS }), member: fc.nat(2), knownAt: when })
  .map(({ id, knownAt, member }) => ({
    id,
    person: id - ((id - 1) % 6) + member,
    knownAt
  }))

/** So large that one statement judges many people: statements are what takes time. */
export const worldOf: fc.Arbitrary<World> = fc.record({
  events: fc.array(event, { minLength: 350, maxLength: 450 }),
  links: fc.array(link, { minLength: 40, maxLength: 60 }),
  erased: fc.array(fc.integer({ min: 1, max: IDS }), { maxLength: 4 })
})

const windowed: ReadonlyArray<object> = [
  {},
  { event: "A", days: 3, filters: [{ property: "x", op: "gt", value: 0 }] },
  { days: 4, filters: [{ property: "plan", op: "is", value: "pro" }] }
]

const kinds: ReadonlyArray<object> = [
  { kind: "count" },
  { kind: "active_days" },
  { kind: "days_since_last" },
  { kind: "days_since_first" },
  { kind: "mean_gap" },
  { kind: "overdue" },
  { kind: "sum", property: "x" },
  { kind: "avg", property: "x" },
  { kind: "min", property: "x" },
  { kind: "max", property: "x" },
  { kind: "last", property: "x" },
  { kind: "distinct", property: "x" },
  { kind: "distinct", property: "$event" },
  { kind: "latest_is", property: "plan", in: ["pro", 1] },
  { kind: "hour_share", fromHour: 4, toHour: 9 },
  { kind: "hour_share", fromHour: 10, toHour: 24, timezone: "Asia/Kolkata" },
  { kind: "weekday_share", weekdays: [1, 7] }
]

/** Every kind with every way to say which events, as a request would write them. */
export const writtenFeatures: ReadonlyArray<object> = [
  ...kinds.flatMap((kind) => windowed.map((which) => ({ ...kind, ...which }))),
  { kind: "trend", days: 2 },
  { kind: "trend", days: 1, event: "A" },
  { kind: "trait_is", trait: "plan", in: ["pro", true] },
  { kind: "trait_number", trait: "x" }
]
