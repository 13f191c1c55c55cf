import fc from "fast-check"
import { dayMs, hourMs, type Json, type SentEvent } from "./Model.ts"

/** Small data around one day of one zone, so that ids, names, values and times collide. */
export interface DataSet {
  readonly timezone: string
  /** The local midnight in the middle of the data, in milliseconds since 1970. */
  readonly middle: number
  readonly events: ReadonlyArray<SentEvent>
}

// Days of 23, 24, 24.5 and 25 hours; offsets of halves and quarters of an hour.
const places: ReadonlyArray<readonly [zone: string, day: string]> = [
  ["UTC", "2025-03-01"],
  ["America/New_York", "2025-03-09"],
  ["America/New_York", "2025-11-02"],
  ["Europe/Berlin", "2024-03-31"],
  ["Australia/Lord_Howe", "2025-04-06"],
  ["Australia/Lord_Howe", "2025-10-05"],
  ["America/Santiago", "2024-09-08"],
  ["Asia/Kolkata", "2024-02-29"],
  ["Asia/Kathmandu", "2024-12-31"]
]

const users = ["u1", "u1", "u2", "u2", "U1", "7"] as const
const anonymous = ["x1", "x1", "x2", "x3"] as const
const placeholders = ["null", " Guest ", "0"] as const

const mostly = <A>(usual: fc.Arbitrary<A>, rare: fc.Arbitrary<A>) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: rare })

const userId = mostly<string | number>(
  fc.constantFrom(...users),
  fc.constantFrom(...placeholders, 7)
)
const anonymousId = mostly<string>(
  fc.constantFrom(...anonymous),
  fc.constantFrom(...placeholders)
)

const offset = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -1, max: 1 }) },
      { weight: 2, arbitrary: fc.integer({ min: -9, max: 9 }) },
      { weight: 1, arbitrary: fc.constantFrom(-40, -30, 31) }
    ),
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom(0, 0, 10, 30, 30),
    fc.constantFrom(0, 0, 0, 1, -1, 1000)
  )
  .map(
    ([days, hours, minutes, ms]) =>
      days * dayMs + hours * hourMs + minutes * 60_000 + ms
  )

// A few moments close to each other, so that sessions and funnels have more than one event.
const dense = fc
  .tuple(
    fc.constantFrom(0, dayMs - hourMs),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom(0, 0, 0, 1, -1)
  )
  .map(([base, halves, ms]) => base + halves * 1_800_000 + ms)

const optional = <A extends Json>(values: ReadonlyArray<A>) =>
  fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 })

const compact = (record: Readonly<Record<string, Json | undefined>>) =>
  Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const]
    )
  )

const properties = fc
  .record({
    plan: optional<Json>(["pro", "free", "Pro", "", "null", null, 1, "1", true]),
    v: optional<Json>([0, 1, 2, 2.5, -0.5, 10, "abc", "3", null]),
    path: optional(["/", "/a", "/b"]),
    tags: optional<Json>([["p"], ["p", "q"], ["q", 1]]),
    cart: optional<Json>([{ items: 1 }, { items: 2 }, { items: "2" }])
  })
  .map(compact)

const context = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("/", "/a", "/c").map((path) => ({ page: { path } }))
  }
)

const ids = fc.oneof(
  fc.record({ userId }),
  fc.record({ anonymousId }),
  fc.record({ userId, anonymousId })
)

const body = fc.oneof(
  {
    weight: 14,
    arbitrary: fc
      .tuple(
        ids,
        fc.constantFrom("A", "A", "A", "B", "B", "C", "X", "a "),
        properties,
        context
      )
      .map(([who, event, properties, context]) => ({
        ...who,
        type: "track" as const,
        event,
        properties,
        context
      }))
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(ids, fc.constantFrom("page", "screen"), properties, context)
      .map(([who, type, properties, context]) => ({
        ...who,
        type,
        properties,
        context
      }))
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.record({ userId, anonymousId }), fc.constantFrom("pro", "free", "old"))
      .map(([who, plan]) => ({ ...who, type: "identify" as const, traits: { plan } }))
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(userId, fc.constantFrom(...users, ...anonymous, ...placeholders))
      .map(([userId, previousId]) => ({ type: "alias" as const, userId, previousId }))
  },
  {
    weight: 1,
    arbitrary: ids.map((who) => ({ ...who, type: "group" as const, groupId: "g1" }))
  }
)

const event = fc
  .tuple(body, fc.oneof(offset, dense, dense, dense), fc.nat(99))
  .map(([body, offset, id]) => ({ body, offset, id }))

/** Local midnight of a day, in milliseconds since 1970. */
const midnight = (zone: string, day: string) =>
  Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds

export const dataSet: fc.Arbitrary<DataSet> = fc
  .tuple(
    fc.constantFrom(...places),
    fc.oneof(
      { weight: 1, arbitrary: fc.array(event, { minLength: 1, maxLength: 12 }) },
      { weight: 5, arbitrary: fc.array(event, { minLength: 40, maxLength: 70 }) }
    )
  )
  .map(([[timezone, day], drawn]) => {
    const middle = midnight(timezone, day)
    return {
      timezone,
      middle,
      // Out of a hundred message ids some are drawn twice: the later ones do not count.
      events: drawn.map(({ body, offset, id }) => ({
        ...body,
        messageId: `m${id}`,
        timestamp: new Date(middle + offset).toISOString()
      }))
    }
  })
