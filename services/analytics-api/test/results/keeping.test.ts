import { describe, expect } from "bun:test"
import { createHash } from "node:crypto"
import { withLayer } from "@analytics/testing/effectTest"
import { Clock, Effect, Option } from "effect"
import { SqlClient } from "effect/sql"
import { KeptResultsRepo } from "../../src/results/KeptResultsRepo.ts"
import { Results } from "../../src/results/Results.ts"
import {
  DAY,
  eventRow,
  insert,
  makeProject,
  ResultsTest,
  START,
  world
} from "./resultsTest.ts"

const counting = {
  kind: "trends",
  series: [{ event: "a", measure: "total" }],
  interval: "day"
}
const dated = {
  ...counting,
  from: new Date(START).toISOString(),
  to: new Date(START + 3 * DAY).toISOString()
}

const later = (ms = 60_000) => {
  world.watermark += ms
  return world.watermark
}

const ask = (projectId: number, body: unknown, timezone = "UTC") =>
  Results.use((results) => results.answer({ id: projectId, timezone }, body)).pipe(
    Effect.map(({ answer: { meta, result } }) => ({
      cached: meta.cached,
      buckets: Object(result).buckets as ReadonlyArray<string>,
      total: Object(result).series[0].data.reduce((a: number, b: number) => a + b, 0)
    }))
  )

const begin = Effect.fnUntraced(function* (projectId: number, events: number) {
  yield* makeProject(projectId)
  const knownAt = later()
  yield* insert(
    "events",
    Array.from({ length: events }, (_, n) =>
      eventRow(projectId, "a", { id: n, at: START + 1000 + n, knownAt })
    )
  )
  later()
})

const rows = Effect.fnUntraced(function* (projectId: number) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ used: boolean; watermark: Date }>`
    SELECT used_at > now() - interval '5 seconds' AS used, watermark
      FROM control.kept_results WHERE project_id = ${BigInt(projectId)}
     ORDER BY used_at DESC, key`
})

const keyOf = (name: number): Uint8Array =>
  createHash("sha256").update(`${name}`).digest()

/** The clock of whoever asks; everything else waits in real time. */
const atTime = (iso: string) =>
  Effect.updateService(Clock.Clock, (clock) => {
    const now = Date.parse(iso)
    return {
      sleep: (duration) => clock.sleep(duration),
      currentTimeMillisUnsafe: () => now,
      currentTimeMillis: Effect.succeed(now),
      currentTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
      currentTimeNanos: Effect.succeed(BigInt(now) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos
    }
  })

describe("what is kept", () => {
  const it = withLayer(ResultsTest)

  it.effect("is never another project's, though the question is the same", () =>
    Effect.gen(function* () {
      yield* begin(51, 2)
      yield* begin(52, 3)
      expect(yield* ask(51, dated)).toMatchObject({ cached: false, total: 2 })
      expect(yield* ask(52, dated)).toMatchObject({ cached: false, total: 3 })
      expect(yield* ask(51, dated)).toMatchObject({ cached: true, total: 2 })
      expect(yield* ask(52, dated)).toMatchObject({ cached: true, total: 3 })
    })
  )

  it.effect("is another answer on another day of the time zone", () =>
    Effect.gen(function* () {
      yield* begin(53, 2)
      const week = { ...counting, range: "last_7d", timezone: "Asia/Tokyo" }
      const first = yield* ask(53, week).pipe(atTime("2025-03-03T10:00:00Z"))
      expect(first).toMatchObject({ cached: false, total: 2 })
      // 23:59 in Tokyo, and a minute later.
      const last = yield* ask(53, week).pipe(atTime("2025-03-03T14:59:00Z"))
      expect(last).toEqual({ ...first, cached: true })
      const next = yield* ask(53, week).pipe(atTime("2025-03-03T15:00:00Z"))
      expect(next).toMatchObject({ cached: false, total: 2 })
      expect(next.buckets).toHaveLength(7)
      expect(next.buckets[0]).toBe(first.buckets[1] ?? "")
      const after = yield* ask(53, week).pipe(atTime("2025-03-08T15:00:00Z"))
      expect(after).toMatchObject({ cached: false, total: 0 })
    })
  )

  it.effect("is known to be used, and as of when it was last seen to hold", () =>
    Effect.gen(function* () {
      yield* begin(54, 1)
      yield* ask(54, dated)
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        UPDATE control.kept_results SET used_at = now() - interval '6 days'
         WHERE project_id = 54`
      const watermark = later()
      expect(yield* ask(54, dated)).toMatchObject({ cached: true })
      expect(yield* rows(54)).toEqual([{ used: true, watermark: new Date(watermark) }])
      // An answer of earlier is a use too, but says nothing of later moments.
      yield* sql`
        UPDATE control.kept_results SET used_at = now() - interval '6 days'
         WHERE project_id = 54`
      const asOf = new Date(watermark - 30_000).toISOString()
      expect(yield* ask(54, { ...dated, asOf })).toMatchObject({ cached: true })
      expect(yield* rows(54)).toEqual([{ used: true, watermark: new Date(watermark) }])
    })
  )

  it.effect("is at most a thousand answers, and 64 MiB, of a project", () =>
    Effect.gen(function* () {
      yield* makeProject(55)
      const sql = yield* SqlClient.SqlClient
      const repo = yield* KeptResultsRepo
      const at = new Date(world.watermark)
      const keep = (name: number, bytes: number) =>
        repo.keep(
          { projectId: 55, key: keyOf(name) },
          { watermark: at, toldAt: at, result: new Uint8Array(bytes) }
        )
      yield* sql`
        INSERT INTO control.kept_results
          (project_id, key, watermark, told_at, used_at, result)
        SELECT 55, sha256(n::text::bytea), now(), now(), now() - n * interval '1 minute',
               ''
          FROM generate_series(1, 1005) AS n`
      yield* keep(0, 1)
      const left = yield* sql<{ n: bigint; oldest: Date }>`
        SELECT count(*) AS n, min(used_at) < now() - interval '1000 minutes' AS old
          FROM control.kept_results WHERE project_id = 55`
      expect(left).toMatchObject([{ n: 1000n, old: false }])
      yield* sql`
        UPDATE control.kept_results SET result = convert_to(repeat('x', 1048576), 'UTF8')
         WHERE project_id = 55 AND used_at > now() - interval '70.5 minutes'`
      yield* keep(-1, 1)
      const bytes = yield* sql`
        SELECT sum(length(result)) <= 64 * 1048576 AS few, count(*) AS n
          FROM control.kept_results WHERE project_id = 55`
      expect(bytes).toMatchObject([{ few: true, n: 64n }])
      expect(Option.isSome(yield* repo.find({ projectId: 55, key: keyOf(-1) }))).toBe(
        true
      )
      expect(Option.isSome(yield* repo.find({ projectId: 54, key: keyOf(-1) }))).toBe(
        false
      )
    })
  )

  it.effect("goes when nobody asks for it", () =>
    Effect.gen(function* () {
      yield* begin(56, 1)
      yield* ask(56, dated)
      const sql = yield* SqlClient.SqlClient
      const repo = yield* KeptResultsRepo
      yield* repo.removeUnused
      expect(yield* rows(56)).toHaveLength(1)
      yield* sql`
        UPDATE control.kept_results SET used_at = now() - interval '7 days 1 second'
         WHERE project_id = 56`
      yield* repo.removeUnused
      expect(yield* rows(56)).toHaveLength(0)
    })
  )
})
