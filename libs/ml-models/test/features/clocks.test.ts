import { describe, expect } from "bun:test"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { Features } from "../../src/features/FeatureSpec.ts"
import { trainingRows } from "../../src/features/featureRows.ts"
import { askRows, contextOf } from "./askRows.ts"
import { DAY, storeWorlds, type World } from "./World.ts"

const HALF_HOUR = 1_800_000

/** When clocks are moved by an hour, by half of one, and by a whole day. */
const moves: Readonly<Record<string, number>> = {
  "Europe/Berlin": Date.UTC(2025, 2, 30, 1),
  "America/New_York": Date.UTC(2024, 10, 3, 6),
  "Australia/Lord_Howe": Date.UTC(2025, 3, 5, 15),
  "Pacific/Apia": Date.UTC(2011, 11, 30, 10)
}
const zones = Object.keys(moves)
const [ofProject] = zones
const cut = Date.UTC(2025, 4, 1)
/** Half hours from a day before each move to a day after. */
const times = Object.values(moves).flatMap((moved) =>
  Array.from({ length: 96 }, (_, half) => moved + (half - 48) * HALF_HOUR)
)

const hours = Array.from({ length: 24 }, (_, hour) => hour)
const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

const written = zones.flatMap((zone) => {
  const timezone = zone === ofProject ? {} : { timezone: zone }
  return [
    ...hours.map((hour) => ({
      kind: "hour_share",
      fromHour: hour,
      toHour: hour + 1,
      ...timezone
    })),
    ...weekdays.map((_, day) => ({
      kind: "weekday_share",
      weekdays: [day + 1],
      ...timezone
    }))
  ]
})

const partsAt = (clock: Intl.DateTimeFormat, at: number): ReadonlyMap<string, string> =>
  new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]))

/** The same by the clocks of this runtime. */
const shares = zones.flatMap((timeZone) => {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23"
  })
  const seen = times.map((at) => partsAt(clock, at))
  const share = (part: string, value: string) =>
    Math.fround(seen.filter((one) => one.get(part) === value).length / times.length)
  return [
    ...hours.map((hour) => share("hour", String(hour).padStart(2, "0"))),
    ...weekdays.map((day) => share("weekday", day))
  ]
})

describe("hours and weekdays", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("are those of the zone's clocks while these are moved", () =>
    Effect.gen(function* () {
      const world: World = {
        events: times.map((at) => ({
          id: 1,
          name: "A",
          at,
          knownAt: at,
          isBot: false,
          isNobody: false,
          props: {}
        })),
        links: [],
        erased: []
      }
      yield* storeWorlds([{ project: 1, world }])
      const features = yield* decodeStrictly(Features)(written)
      const context = {
        ...contextOf(1, world),
        timezone: ofProject ?? "",
        watermark: cut + 9 * DAY
      }
      const request = { features, population: {}, target: { days: 1 }, cuts: [cut] }
      const statements = yield* trainingRows(request, context)
      const [row] = yield* askRows(statements, features.length, "label")
      expect(row?.features).toEqual(shares)
    })
  )
})
