import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ClickHouse } from "../src/ClickHouse.ts"
import { ClickHouseError } from "../src/ClickHouseError.ts"
import { disagreement, Installation } from "../src/Installation.ts"

const read = Installation.pipe(Effect.provide(Layer.fresh(Installation.layer)))
const other = "00000000-0000-4000-8000-00000000ffff"

describe("Installation", () => {
  const it = withLayer(Layer.mergeAll(TestPostgres.client, TestClickHouse.client))

  it.effect(
    "starts from Postgres alone, and ends only where ClickHouse is another",
    () =>
      Effect.gen(function* () {
        const real = yield* ClickHouse
        const away = new ClickHouseError({
          kind: "transient",
          reason: "connection refused",
          queryId: ""
        })
        let asked = 0
        // Away at first, then somebody else.
        const clickhouse = ClickHouse.of({
          ...real,
          query: <Row>() =>
            Effect.suspend(() =>
              ++asked < 2
                ? Effect.fail(away)
                : Effect.succeed([
                    { id: other }
                  ] as ReadonlyArray<unknown> as Array<Row>)
            )
        })
        const error = yield* Effect.flip(disagreement).pipe(
          Effect.provide(Layer.fresh(Installation.layerOfPostgres)),
          Effect.provideService(ClickHouse, clickhouse)
        )
        expect(asked).toBe(2)
        expect(error).toMatchObject({
          postgres: testInstallation.id,
          clickhouse: other
        })
        const agreed = yield* disagreement.pipe(
          Effect.provide(Layer.fresh(Installation.layerOfPostgres)),
          Effect.timeoutOption("200 millis")
        )
        expect(agreed._tag).toBe("None")
      })
  )

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
