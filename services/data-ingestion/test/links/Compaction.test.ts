import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Layer } from "effect"
import * as fc from "fast-check"
import { Compaction } from "../../src/links/Compaction.ts"
import { WatermarkRepo } from "../../src/watermark/WatermarkRepo.ts"

const HOUR = 3_600_000
/** How far behind the clock the watermark is. */
let late = -HOUR
const watermark = Layer.succeed(
  WatermarkRepo,
  WatermarkRepo.of({
    publish: Effect.sync(() => new Date(Date.now() - late)),
    told: Effect.never,
    oldestPending: Effect.succeed(null)
  })
)

const START = Date.UTC(2026, 0, 1)

const link = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  person: fc.integer({ min: 1, max: 4 }),
  at: fc.integer({ min: 0, max: 9 }),
  version: fc.integer({ min: 1, max: 3 })
})
const links = fc.uniqueArray(link, {
  maxLength: 25,
  // Two rows of one id at one instant and version would be one row.
  selector: ({ at, id, version }) => `${id} ${at} ${version}`
})

/** Who stands for whom, as of a moment. */
const peopleAt = Effect.fnUntraced(function* (projectId: number, at: number) {
  const store = yield* ClickHouse
  return yield* store.query(
    `SELECT toString(id_hash) AS id, toString(argMax(person, (known_at, version))) AS person
       FROM person_links WHERE project_id = {projectId:UInt32}
        AND known_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
      GROUP BY id_hash ORDER BY id`,
    { params: { projectId, at } }
  )
})

describe("compaction of links", () => {
  const { effect } = withLayer(
    Compaction.layer.pipe(
      Layer.provide(watermark),
      Layer.provideMerge(TestClickHouse.client)
    )
  )

  effect("changes no answer as of its moment or later, of any project", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      const compaction = yield* Compaction
      const drawn = fc.sample(fc.tuple(links, fc.integer({ min: 0, max: 9 })), 8)
      for (const [index, [rows, moment]] of drawn.entries()) {
        const projectId = index + 1
        const before = START + moment
        if (rows.length > 0)
          yield* store.insert({
            table: "person_links",
            format: "JSONEachRow",
            body: rows
              .map(({ at, id, person, version }) =>
                JSON.stringify({
                  project_id: projectId,
                  id_hash: id,
                  person,
                  known_at: START + at,
                  version
                })
              )
              .join("\n"),
            settings: { insert_deduplicate: 0 }
          })
        const moments = [before, START + 9]
        const was = yield* Effect.forEach(moments, (at) => peopleAt(projectId, at))
        const { kept, removed } = yield* compaction.compact(projectId, before)
        expect(kept + removed).toBe(rows.length)
        // One row of each id known by then, and all that came later.
        const later = rows.filter(({ at }) => at > moment).length
        const ids = new Set(rows.filter(({ at }) => at <= moment).map(({ id }) => id))
        expect(kept).toBe(later + ids.size)
        expect(yield* Effect.forEach(moments, (at) => peopleAt(projectId, at))).toEqual(
          was
        )
        expect(yield* compaction.compact(projectId, before)).toEqual({
          kept,
          removed: 0
        })
      }
    })
  )

  effect("goes less far while the watermark is late, as an asOf may go further", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      const compaction = yield* Compaction
      const links = [START, START + 2 * HOUR].map((known_at, person) => ({
        ...{ project_id: 1000, id_hash: 1, person, known_at, version: 1 }
      }))
      yield* store.insert({
        table: "person_links",
        format: "JSONEachRow",
        body: links.map((row) => JSON.stringify(row)).join("\n")
      })
      late = 3 * HOUR
      const before = START + 4 * HOUR
      expect(yield* compaction.compact(1000, before)).toEqual({ kept: 2, removed: 0 })
      late = HOUR
      expect(yield* compaction.compact(1000, before)).toEqual({ kept: 1, removed: 1 })
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          late = -HOUR
        })
      )
    )
  )
})
