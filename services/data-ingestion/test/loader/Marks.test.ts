import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PurgeRepo } from "../../src/purge/PurgeRepo.ts"
import { crash, drain, drainUntilCrash, drainWith, inserting } from "./faults.ts"
import { receive, storedMessages, stores, track } from "./loaderTest.ts"

const tables = ["seen", "events", "person_links"] as const
const points = tables.flatMap((table) =>
  (["before", "after"] as const).map((when) => ({ table, when }))
)

/** What became of a project's events, wherever it is told. */
const traces = Effect.fnUntraced(function* (p: bigint) {
  const sql = yield* SqlClient.SqlClient
  const outcomes = yield* sql`
    SELECT outcome, reason, events::int FROM ingest.outcomes
     WHERE project_id = ${p} ORDER BY outcome, reason`
  const receipts = yield* sql`
    SELECT message_id, reason FROM ingest.dropped WHERE project_id = ${p}`
  const violations = yield* sql`
    SELECT property, events::int FROM ingest.schema_violations WHERE project_id = ${p}`
  const aside = yield* sql`
    SELECT message_id FROM ingest.quarantine WHERE project_id = ${p}`
  return { outcomes, receipts, violations, aside }
})

describe("what settings leave behind", () => {
  const it = withLayer(PurgeRepo.layer.pipe(Layer.provideMerge(stores)))

  points.forEach(({ table, when }, at) => {
    it.effect(`counts once after a crash ${when} the write of ${table}`, () =>
      Effect.gen(function* () {
        const p = 100 + at
        const gone = 200 + at
        const of = (m: string, given: Parameters<typeof track>[1] = {}) =>
          track(m, { p, ...given })
        yield* (yield* PurgeRepo).register([gone])
        const w = [["revenue", "missing"]] as const
        yield* receive([
          of("i", { y: "identify", e: "$identify", a: "a1" }),
          of("misfit", { w }),
          of("misfit", { w }),
          of("kept", { q: "schema_mismatch", qd: "revenue missing", w }),
          of("out", { x: "excluded_path" }),
          // A message that was dropped before claims no id.
          of("again", { x: "do_not_track" }),
          of("again"),
          track("late", { p: gone })
        ])
        yield* drainUntilCrash(
          drainWith(
            inserting((request, real) =>
              request.table !== table
                ? real.insert(request)
                : when === "before"
                  ? crash
                  : Effect.andThen(real.insert(request), crash)
            )
          )
        )
        yield* drain
        expect(yield* traces(BigInt(p))).toEqual({
          outcomes: [
            { outcome: "dropped", reason: "do_not_track", events: 1 },
            { outcome: "dropped", reason: "excluded_path", events: 1 },
            { outcome: "duplicate", reason: "", events: 1 },
            { outcome: "quarantined", reason: "schema_mismatch", events: 1 },
            { outcome: "stored", reason: "", events: 3 }
          ],
          receipts: [
            { messageId: "out", reason: "excluded_path" },
            { messageId: "again", reason: "do_not_track" }
          ],
          violations: [{ property: "revenue", events: 2 }],
          aside: [{ messageId: "kept" }]
        })
        expect(yield* traces(BigInt(gone))).toEqual({
          outcomes: [{ outcome: "dropped", reason: "project_deleted", events: 1 }],
          receipts: [],
          violations: [],
          aside: []
        })
        const stored = (yield* storedMessages).filter((it) => it.startsWith(`${p} `))
        expect(stored.toSorted()).toEqual([`${p} again`, `${p} i`, `${p} misfit`])
      })
    )
  })
})
