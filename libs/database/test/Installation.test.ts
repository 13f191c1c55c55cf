import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ClickHouse } from "../src/ClickHouse.ts"
import { Installation } from "../src/Installation.ts"

const read = Installation.pipe(Effect.provide(Layer.fresh(Installation.layer)))
const other = "00000000-0000-4000-8000-00000000ffff"

describe("Installation", () => {
  const it = withLayer(Layer.mergeAll(TestPostgres.client, TestClickHouse.client))

  it.effect("refuses a Postgres that belongs to another ClickHouse, naming both", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE public.installation SET id = ${other}`
      const error = yield* Effect.flip(read)
      expect(error).toMatchObject({
        _tag: "InstallationMismatch",
        postgres: other,
        clickhouse: testInstallation.id
      })
      expect(error.message).toContain(other)
      expect(error.message).toContain(testInstallation.id)
    })
  )

  it.effect("refuses a store that was never migrated", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clickhouse = yield* ClickHouse
      yield* sql`DELETE FROM public.installation`
      expect(yield* Effect.flip(read)).toMatchObject({ postgres: null })
      yield* sql`DROP TABLE public.installation`
      yield* clickhouse.command("DROP TABLE installation")
      expect(yield* Effect.flip(read)).toMatchObject({
        postgres: null,
        clickhouse: null
      })
    })
  )
})
