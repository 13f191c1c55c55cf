import { describe, expect } from "bun:test"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { Features } from "../../src/features/FeatureSpec.ts"
import { trainingRows } from "../../src/features/featureRows.ts"
import { askRows, contextOf } from "./askRows.ts"
import type { ReferenceRow } from "./oracle.ts"
import { DAY, hashOf, storeWorlds, type World } from "./World.ts"
import { CUT, WATERMARK, worldOf } from "./worlds.ts"

/** One of each kind: that they count right is for `featureRows.test.ts` to say. */
const written = [
  { kind: "count", event: "A", days: 4 },
  { kind: "active_days" },
  { kind: "days_since_last" },
  { kind: "days_since_first", event: "B" },
  { kind: "mean_gap" },
  { kind: "overdue", days: 6 },
  { kind: "trend", days: 2 },
  { kind: "sum", property: "x" },
  { kind: "last", property: "x" },
  { kind: "distinct", property: "plan" },
  { kind: "latest_is", property: "plan", in: ["pro"] },
  { kind: "hour_share", fromHour: 4, toHour: 12 },
  { kind: "weekday_share", weekdays: [2, 3] },
  { kind: "trait_is", trait: "plan", in: ["pro"] },
  { kind: "trait_number", trait: "x" }
]

let nextProject = 1

describe("laws of features", () => {
  const { effect } = withLayer(TestClickHouse.client)

  const rowsOf = Effect.fnUntraced(function* (world: World, shift = 0) {
    const features = yield* decodeStrictly(Features)(written)
    const project = nextProject++
    yield* storeWorlds([{ project, world }])
    const context = contextOf(project, world)
    const request = {
      features,
      population: {
        // A rule sees no more of what comes later than a feature does.
        rule: {
          or: [
            { did: { event: "A", atLeast: 1 } },
            { trait: { property: "user.plan", op: "is", value: "pro" } }
          ]
        }
      } as const,
      target: { event: "A", days: 3 },
      cuts: [CUT + shift]
    }
    const moved = { ...context, watermark: WATERMARK + shift, now: WATERMARK + shift }
    return yield* askRows(yield* trainingRows(request, moved), features.length, "label")
  })

  const sample = () =>
    fc.sample(worldOf, {
      numRuns: 1,
      seed: fc.readConfigureGlobal().seed ?? Date.now()
    })[0] ?? { events: [], links: [], erased: [] }

  const withoutLabels = (rows: ReadonlyArray<ReferenceRow>) =>
    rows.map(({ features, person }) => ({ features, person }))

  effect("nothing from the cut on changes them, traits and rules included", () =>
    Effect.gen(function* () {
      const world = sample()
      const past = {
        ...world,
        events: world.events.filter(({ at }) => at < CUT)
      }
      const all = yield* rowsOf(world)
      expect(all.length).toBeGreaterThan(20)
      expect(all.some(({ label }) => label === 1)).toBe(true)
      expect(withoutLabels(yield* rowsOf(past))).toEqual(withoutLabels(all))
    })
  )

  effect("a person less, whether erased or never there, changes nobody else's", () =>
    Effect.gen(function* () {
      const world = { ...sample(), links: [], erased: [] }
      const all = yield* rowsOf(world)
      const gone = all[5]?.person ?? 0n
      const id = Number(gone / hashOf(1))
      const others = all.filter(({ person }) => person !== gone)
      const never = {
        ...world,
        events: world.events.filter((event) => event.isNobody || event.id !== id)
      }
      expect(others).toHaveLength(all.length - 1)
      expect(yield* rowsOf(never)).toEqual(others)
      expect(yield* rowsOf({ ...world, erased: [id] })).toEqual(others)
    })
  )

  effect("a move of everything by whole weeks moves nothing", () =>
    Effect.gen(function* () {
      const world = sample()
      const shift = 7 * 5 * DAY
      const moved = {
        ...world,
        events: world.events.map((event) => ({
          ...event,
          at: event.at + shift,
          knownAt: event.knownAt + shift
        })),
        links: world.links.map((link) => ({ ...link, knownAt: link.knownAt + shift }))
      }
      const rows = yield* rowsOf(world)
      const later = yield* rowsOf(moved, shift)
      expect(later.map(({ cut: _, ...row }) => row)).toEqual(
        rows.map(({ cut: _, ...row }) => row)
      )
    })
  )
})
