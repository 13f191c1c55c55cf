import { describe, expect } from "bun:test"
import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { Features } from "../../src/features/FeatureSpec.ts"
import {
  ROWS_FORMAT,
  type RowsStatement,
  scoringRows,
  type TrainingRequest,
  trainingRows
} from "../../src/features/featureRows.ts"
import { type RowBatch, RowReader } from "../../src/features/RowReader.ts"
import { type ReferenceRow, referenceRows } from "./oracle.ts"
import { DAY, storeWorlds, type World } from "./World.ts"
import { CUT, WATERMARK, worldOf, writtenFeatures } from "./worlds.ts"

const contextOf = (projectId: number, world: World): QueryContext => ({
  projectId,
  timezone: "UTC",
  now: WATERMARK,
  watermark: WATERMARK,
  hasLinks: world.links.length > 0,
  removals: world.erased.length > 0
})

const asked = Effect.fnUntraced(function* (
  statements: ReadonlyArray<RowsStatement>,
  features: number,
  carried: "label" | "ids"
) {
  const clickhouse = yield* ClickHouse
  const rows: Array<ReferenceRow & { readonly cut: number }> = []
  for (const { cut, params, sql } of statements) {
    const bytes = yield* clickhouse.bytes(sql, { params, format: ROWS_FORMAT })
    const reader = new RowReader({ features, with: carried })
    // Answers come cut anywhere.
    for (const batch of [0, 1].map((half) => {
      const middle = Math.floor(bytes.length / 3)
      return reader.read(
        half === 0 ? bytes.subarray(0, middle) : bytes.subarray(middle)
      )
    }))
      rows.push(...rowsIn(batch).map((row) => ({ ...row, cut })))
    expect(reader.isWhole).toBe(true)
  }
  return rows
})

const rowsIn = (batch: RowBatch): ReadonlyArray<ReferenceRow> =>
  Array.from({ length: batch.rows }, (_, row) => {
    const id = batch.ids[row]
    return {
      person: batch.people[row] ?? 0n,
      label: batch.labels[row] ?? 0,
      features: batch.columns.map((column) => column[row] ?? 0),
      id: id && (id.userId === "" ? id.anonymousId : id.userId)
    }
  })

const expectRows = (
  found: ReadonlyArray<ReferenceRow>,
  expected: ReadonlyArray<ReferenceRow>,
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
          `${JSON.stringify(writtenFeatures[feature])}: ${got} instead of ${value}`
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
          const found = yield* asked(statements, features.length, "label")
          for (const cut of request.cuts)
            expectRows(
              found.filter((row) => row.cut === cut),
              referenceRows(world, request, cut, WATERMARK),
              "label"
            )
        }
        const scoring = { ...base, cut: CUT, parts: 2 }
        expectRows(
          yield* asked(yield* scoringRows(scoring, context), features.length, "ids"),
          referenceRows(world, scoring, CUT, WATERMARK),
          "id"
        )
      })
      const runs = process.env["TEST_LONG"] === "1" ? 50 : 1
      const { seed = Date.now() } = fc.readConfigureGlobal()
      yield* Effect.forEach(fc.sample(worldOf, { numRuns: runs, seed }), check)
    })
  )
})
