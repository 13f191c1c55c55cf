import { describe, expect } from "bun:test"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { type FeatureSpec, Features } from "../../src/features/FeatureSpec.ts"
import {
  scoringRows,
  type TrainingRequest,
  trainingRows
} from "../../src/features/featureRows.ts"
import { askRows, contextOf } from "./askRows.ts"
import { type ReferenceRow, referenceRows } from "./oracle.ts"
import { DAY, storeWorlds, type World } from "./World.ts"
import { CUT, WATERMARK, worldOf, writtenFeatures } from "./worlds.ts"

const expectRows = (
  found: ReadonlyArray<ReferenceRow>,
  expected: ReadonlyArray<ReferenceRow>,
  features: ReadonlyArray<FeatureSpec>,
  compare: "label" | "id"
) => {
  expect(found.map(({ person }) => person)).toEqual(
    expected.map(({ person }) => person)
  )
  expect(found.map((row) => row[compare])).toEqual(expected.map((row) => row[compare]))
  expected.forEach((row, index) => {
    row.features.forEach((value, feature) => {
      const got = found[index]?.features[feature] ?? 0
      const isSame =
        (Number.isNaN(value) && Number.isNaN(got)) ||
        Math.abs(value - got) <= 1e-6 * Math.max(1, Math.abs(value))
      if (!isSame)
        throw new Error(
          `${JSON.stringify(features[feature])}: ${got} instead of ${value}`
        )
    })
  })
}

let nextProject = 1

describe("features of small worlds", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("are what plain loops say, of every kind", () =>
    Effect.gen(function* () {
      const features = yield* decodeStrictly(Features)(writtenFeatures)
      const base = { features, population: {}, target: { event: "A", days: 3 } }
      const requests: ReadonlyArray<TrainingRequest> = [
        { ...base, cuts: [CUT - 2 * DAY, CUT] },
        {
          ...base,
          cuts: [CUT],
          known: { withinHours: 2 },
          population: { did: { event: "A", days: 4 }, didNot: { event: "B", days: 1 } },
          target: { days: 2, outcome: "does_not" }
        }
      ]
      const check = Effect.fnUntraced(function* (world: World) {
        const project = nextProject++
        yield* storeWorlds([{ project, world }])
        const context = contextOf(project, world)
        for (const request of requests) {
          const statements = yield* trainingRows(request, context)
          const found = yield* askRows(statements, features.length, "label")
          for (const cut of request.cuts)
            expectRows(
              found.filter((row) => row.cut === cut),
              referenceRows(world, request, cut, WATERMARK),
              features,
              "label"
            )
        }
        // What scoring adds is ids and parts: a few features show that it is these rows.
        // The first two parts meet between ids that stand for each other.
        const few = features.filter((_, index) => index % 4 === 1)
        const scoring = { ...base, features: few, cut: CUT, parts: 3 }
        expectRows(
          yield* askRows(yield* scoringRows(scoring, context), few.length, "ids"),
          referenceRows(world, scoring, CUT, WATERMARK),
          few,
          "id"
        )
      })
      const runs = process.env["TEST_LONG"] === "1" ? 10 : 1
      const { seed = Date.now() } = fc.readConfigureGlobal()
      yield* Effect.forEach(fc.sample(worldOf, { numRuns: runs, seed }), check)
    })
  )
})
