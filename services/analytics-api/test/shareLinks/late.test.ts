import { describe, expect } from "bun:test"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { withLayer } from "@analytics/testing/effectTest"
import { Duration, Effect, Layer } from "effect"
import { Watermark } from "../../src/query/Watermark.ts"
import type { SharedQuestion } from "../../src/shareLinks/SharedContents.ts"
import { SharedTiles } from "../../src/shareLinks/SharedTiles.ts"
import {
  DAY,
  eventRow,
  insert,
  makeProject,
  ResultsTest,
  START,
  world
} from "../results/resultsTest.ts"

const MINUTE = 60_000
const project = { id: 71, timezone: "UTC" }

const known = Effect.sync(() => ({
  watermark: world.watermark,
  ingestLagMs: 0,
  isStale: false
}))
const Tiles = SharedTiles.layer.pipe(
  Layer.provide([
    Layer.succeed(Watermark, { current: known, atLeast: () => known }),
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(60),
      memoryLimit: 2_000_000_000,
      threads: 1,
      concurrency: 8
    })
  ]),
  Layer.provideMerge(ResultsTest)
)

const question: SharedQuestion = {
  pointer: "",
  query: {
    kind: "trends",
    from: new Date(START).toISOString(),
    to: new Date(START + DAY).toISOString(),
    interval: "none",
    series: [{ event: "a", measure: "unique_users" }]
  },
  insight: {
    id: "0192f0c1-0000-7000-8000-000000000001",
    version: 1,
    name: "Buyers",
    description: "",
    query: {},
    chart: { form: "number" },
    createdBy: "k",
    createdAt: new Date(START),
    updatedBy: "k",
    updatedAt: new Date(START)
  }
}

/** People on the first day, of whom it is known later. */
const happen = (ids: ReadonlyArray<number>, knownAt: number) =>
  insert(
    "events",
    ids.map((id) => eventRow(project.id, "a", { id, at: START + MINUTE, knownAt }))
  )

describe("a shared tile", () => {
  const it = withLayer(Tiles)

  it.effect("takes in late data by the hour, and is kept until some comes", () =>
    Effect.gen(function* () {
      const tiles = yield* SharedTiles
      const hour = START + 30 * DAY
      const shown = Effect.fnUntraced(function* (minute: number) {
        world.watermark = hour + minute * MINUTE
        const before = world.asked
        const answer = yield* tiles.shown(project, [question], 3)
        const [tile] = answer.tiles
        return {
          asOf: (answer.asOf.getTime() - hour) / MINUTE,
          value: tile?.type === "answer" ? Object(tile.result).series[0].data[0] : tile,
          isKept: world.asked === before
        }
      })
      yield* makeProject(project.id)
      yield* happen([1, 2, 3, 4], hour - MINUTE)
      expect(yield* shown(10)).toEqual({ asOf: 0, value: 4, isKept: false })
      expect(yield* shown(20)).toEqual({ asOf: 0, value: 4, isKept: true })
      yield* happen([5], hour + 30 * MINUTE)
      expect(yield* shown(59)).toEqual({ asOf: 0, value: 4, isKept: true })
      expect(yield* shown(60)).toEqual({ asOf: 60, value: 5, isKept: false })
      expect(yield* shown(140)).toEqual({ asOf: 120, value: 5, isKept: true })
    })
  )
})
