import { expect } from "bun:test"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { BatchCountsRepo } from "../../src/catalogue/BatchCountsRepo.ts"
import { Forgetting } from "../../src/catalogue/Forgetting.ts"
import { CohortRefreshRepo } from "../../src/cohorts/refresh/CohortRefreshRepo.ts"

const late = new ClickHouseError({ kind: "timeout", reason: "late", queryId: "" })

/** A project that is too large to be counted in time. */
const Slow = Layer.effect(
  BatchCountsRepo,
  Effect.map(BatchCountsRepo, (repo) => ({
    ...repo,
    countAll: () => Effect.fail(late)
  }))
).pipe(Layer.provide(BatchCountsRepo.layer))

const it = withLayer(
  Forgetting.layer.pipe(
    Layer.provide([Slow, CohortRefreshRepo.layer]),
    Layer.provideMerge(Layer.merge(TestPostgres.client, TestClickHouse.client))
  )
)

it.effect("forgets kept answers, however long counting takes", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`
      INSERT INTO control.query_runs (project_id, owner, expires_at)
      SELECT project, gen_random_uuid(), now() + interval '1 hour'
        FROM unnest(ARRAY[1, 2]::bigint[]) AS project`
    yield* sql`
      INSERT INTO control.kept_results (project_id, key, watermark, told_at, result)
      SELECT project, sha256(''), now(), now(), ''
        FROM unnest(ARRAY[1, 2]::bigint[]) AS project`
    const forgetting = yield* Forgetting
    expect(yield* Effect.flip(forgetting.forget(1))).toMatchObject({
      _tag: "QueriesUnavailable"
    })
    const kept = yield* sql<{ projectId: bigint }>`
      SELECT project_id FROM control.query_runs
       UNION ALL SELECT project_id FROM control.kept_results`
    expect(kept.map(({ projectId }) => Number(projectId))).toEqual([2, 2])
  })
)
