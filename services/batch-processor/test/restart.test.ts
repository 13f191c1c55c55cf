import { describe, expect } from "bun:test"
import { join } from "node:path"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as Postgres from "@analytics/database/Postgres"
import { retryTransient } from "@analytics/database/PostgresRetry"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { withDatabase } from "@analytics/migrate/Databases"
import { withLayer } from "@analytics/testing/effectTest"
import { ensureTemplate } from "@analytics/testing/TestPostgres"
import { temporaryFolder } from "@analytics/testing/TestServers"
import { Context, Effect, Layer, Redacted, Schedule, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { call, startRunner } from "./RunnerProcess.ts"
import { probeTables } from "./testTypes.ts"

const isLong = process.env["TEST_LONG"] === "1"
const JOBS = isLong ? 50 : 20
const STEPS = isLong ? 6 : 4
/** As it is by default in the long run; lost locks are noticed sooner in the short one. */
const settings = isLong ? {} : { BATCH_RUNNER_EXPIRY: "5 seconds" }

/** A Postgres that may be killed and comes back over the same data. */
class Server extends Context.Service<
  Server,
  {
    readonly url: Redacted.Redacted
    readonly kill: Effect.Effect<void>
    readonly start: Effect.Effect<void>
  }
>()("test/Server") {
  static readonly layer = Layer.effect(
    Server,
    Effect.gen(function* () {
      const scope = yield* Scope.Scope
      const dataDir = join(yield* temporaryFolder, "postgres")
      const start = (port?: number) =>
        EmbeddedPostgres.start({
          dataDir,
          ...(port === undefined ? {} : { port })
        }).pipe(Scope.provide(scope))
      let running = yield* start()
      const { port, url } = running
      const template = yield* ensureTemplate(url)
      return Server.of({
        url: withDatabase(Redacted.make(url), template),
        kill: Effect.suspend(() => {
          process.kill(running.pid, "SIGKILL")
          return Effect.asVoid(running.exited)
        }),
        start: Effect.gen(function* () {
          running = yield* start(port)
        }).pipe(Effect.orDie)
      })
    })
  )
}

const live = Postgres.layer.pipe(
  Layer.provideMerge(
    Layer.effect(
      PostgresConfig,
      Effect.map(Server, ({ url }) => ({ url, poolSize: 5 }))
    )
  ),
  Layer.provideMerge(Server.layer)
)

describe("Postgres killed under load", () => {
  const it = withLayer(live, 120_000)

  it.effect(
    "every job ends, and nothing is done twice",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const server = yield* Server
          for (const statement of probeTables.split(";")) yield* sql.unsafe(statement)
          const one = yield* startRunner(settings)
          const two = yield* startRunner(settings)
          const count = (table: string) =>
            sql<{ n: bigint }>`SELECT count(*) AS n FROM ${sql(table)}`.pipe(
              Effect.map(([row]) => Number(row?.n)),
              retryTransient("20 seconds")
            )
          const until = (isGood: (n: number) => boolean, table: string) =>
            count(table).pipe(
              Effect.filterOrFail(isGood),
              Effect.retry(Schedule.spaced("100 millis")),
              Effect.timeout("100 seconds")
            )
          yield* Effect.forEach(
            Array.from({ length: JOBS }),
            () =>
              call(one.url, "POST", "/v1/jobs", {
                type: "probe",
                payload: { steps: STEPS, pause: 400 }
              }),
            { concurrency: 8 }
          )
          yield* until((n) => n > JOBS, "probe_effects")
          const killedAt = Date.now()
          yield* server.kill
          const refused = yield* call(one.url, "POST", "/v1/jobs", {
            type: "probe",
            payload: { steps: STEPS }
          })
          expect([refused.status, refused.body.type]).toEqual([
            503,
            "urn:analytics:problem:jobs-unavailable"
          ])
          yield* server.start
          yield* until((n) => n === JOBS * STEPS, "probe_effects")
          const open = sql`SELECT id FROM jobs.jobs WHERE state <> 'succeeded'`
          yield* open.pipe(
            retryTransient("20 seconds"),
            Effect.filterOrFail((rows) => rows.length === 0),
            Effect.retry(Schedule.spaced("100 millis")),
            Effect.timeout("100 seconds")
          )
          process.stdout.write(
            `${JSON.stringify({ allEndedMs: Date.now() - killedAt, begun: yield* count("probe_begun") })}\n`
          )
          expect(yield* count("probe_effects")).toBe(JOBS * STEPS)
          expect(one.child.exitCode ?? two.child.exitCode).toBeNull()
        })
      ),
    200_000
  )
})
