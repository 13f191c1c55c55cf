import { describe, expect } from "bun:test"
import { join } from "node:path"
import { decodeFrame } from "@analytics/data-processing/InboxEvent"
import * as Postgres from "@analytics/database/Postgres"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { withDatabase } from "@analytics/migrate/Databases"
import { withLayer } from "@analytics/testing/effectTest"
import { ensureTemplate } from "@analytics/testing/TestPostgres"
import { temporaryFolder } from "@analytics/testing/TestServers"
import { Context, Effect, Layer, Redacted, Schedule, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { Inbox } from "../../src/inbox/Inbox.ts"
import { InboxPartitions } from "../../src/inbox/InboxPartitions.ts"
import { InboxRepo } from "../../src/inbox/InboxRepo.ts"
import * as PostgresLog from "../../src/inbox/PostgresLog.ts"
import { ShardMap, undivided } from "../../src/inbox/ShardMap.ts"

/** A Postgres that may be killed and comes back over the same data. */
class Server extends Context.Service<
  Server,
  { readonly url: Redacted.Redacted; readonly crash: Effect.Effect<void> }
>()("Server") {
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
        crash: Effect.gen(function* () {
          process.kill(running.pid, "SIGKILL")
          yield* running.exited
          running = yield* start(port)
        }).pipe(Effect.orDie)
      })
    })
  )
}

const layer = Inbox.layer.pipe(
  Layer.provide(PostgresLog.layer),
  Layer.provide(ShardMap.layerOf(undivided)),
  Layer.provideMerge(InboxPartitions.layer),
  Layer.provideMerge(InboxRepo.layer),
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(Server, ({ url }) => Postgres.layerWith({ url, poolSize: 5 }))
    )
  ),
  Layer.provideMerge(Server.layer)
)

const line = (m: string) =>
  JSON.stringify({ p: 1, m, t: 0, r: 0, y: "track", e: "e", u: "u" })

const durable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ frame: Uint8Array }>`SELECT frame FROM ingest.inbox`
  return rows.flatMap(({ frame }) => decodeFrame(frame).map(({ m }) => m))
})
const accepted = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ events: bigint }>`
    SELECT coalesce(sum(events), 0)::bigint AS events FROM ingest.accepted`
  return Number(row?.events)
})

describe("Inbox", () => {
  const it = withLayer(layer, 120_000)

  it.effect("counts what it commits, in the same transaction", () =>
    Effect.gen(function* () {
      const inbox = yield* Inbox
      const before = yield* accepted
      yield* Effect.promise(() =>
        Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            inbox.append(
              {
                projectId: 1 + (n % 3),
                lane: "live",
                messageIds: [`c${n}`],
                months: 202603,
                lines: [line(`c${n}`)]
              },
              10
            )
          )
        )
      )
      expect((yield* accepted) - before).toBe(50)
      expect((yield* durable).filter((m) => m.startsWith("c")).length).toBe(50)
    })
  )

  it.effect(
    "has everything it acknowledged, however often Postgres is killed",
    () =>
      Effect.gen(function* () {
        const inbox = yield* Inbox
        const server = yield* Server
        const acknowledged: Array<string> = []
        let failed = 0
        let stop = false
        const client = async (name: number) => {
          for (let n = 0; !stop; n++) {
            const m = `${name}-${n}`
            const item = {
              projectId: 1,
              lane: "live" as const,
              messageIds: [m],
              months: 202603,
              lines: [line(m)]
            }
            await inbox.append(item, 100).then(
              () => acknowledged.push(m),
              () => failed++
            )
            // A client that was refused waits a moment, or it would only burn time.
            if (failed > 0) await Bun.sleep(1)
          }
        }
        const clients = Array.from({ length: 16 }, (_, name) => client(name))
        for (let round = 0; round < 3; round++) {
          const before = acknowledged.length
          yield* Effect.suspend(() =>
            acknowledged.length > before + 200
              ? Effect.void
              : Effect.fail("no commits after the restart")
          ).pipe(
            Effect.retry(
              Schedule.spaced("20 millis").pipe(
                Schedule.upTo({ duration: "20 seconds" })
              )
            )
          )
          yield* server.crash
        }
        stop = true
        yield* Effect.promise(() => Promise.all(clients))
        const found = new Set(yield* durable)
        expect(acknowledged.filter((m) => !found.has(m))).toEqual([])
        expect(failed).toBeGreaterThan(0)
        expect(inbox.pendingBytes()).toBe(0)
        // A commit whose answer got lost counts too: it is in the inbox.
        expect(yield* accepted).toBe((yield* durable).length)
      }),
    90_000
  )

  it.effect("makes the partition that is missing", () =>
    Effect.gen(function* () {
      const inbox = yield* Inbox
      const sql = yield* SqlClient.SqlClient
      const [now] = yield* sql<{ name: string }>`
        SELECT to_char(now() AT TIME ZONE 'UTC', '"inbox_"YYYYMMDDHH24') AS name`
      yield* sql.unsafe(`DROP TABLE ingest.${now?.name}`)
      const append = () =>
        inbox.append(
          {
            projectId: 1,
            lane: "live",
            messageIds: ["p"],
            months: 202603,
            lines: [line("p")]
          },
          10
        )
      const attempt = Effect.tryPromise(append)
      expect((yield* Effect.exit(attempt))._tag).toBe("Failure")
      expect((yield* Effect.exit(attempt))._tag).toBe("Success")
    })
  )
})
