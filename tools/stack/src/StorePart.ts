import { join } from "node:path"
import * as EmbeddedClickHouse from "@analytics/embedded-clickhouse/EmbeddedClickHouse"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { Effect, Redacted } from "effect"
import { LogStream } from "./LogStream.ts"
import { type Part, PartFailed } from "./Part.ts"
import { Secrets } from "./Secrets.ts"
import { StackSettings } from "./StackSettings.ts"
import { storePorts } from "./services.ts"

/** The embedded Postgres; its `start` ends when the server accepts connections. */
export const postgresPart = Effect.gen(function* () {
  const { data, portBase } = yield* StackSettings
  const { databasePassword } = yield* Secrets
  const logs = yield* LogStream
  const port = portBase + storePorts.postgres
  return {
    name: "postgres",
    port,
    needs: [],
    // Fast shutdown: SIGTERM would wait for clients to leave.
    stopSignal: "SIGINT",
    once: false,
    start: (onSpawn) =>
      EmbeddedPostgres.start({
        dataDir: join(data, "postgres"),
        port,
        password: Redacted.value(databasePassword),
        onSpawn,
        onLog: (line) => logs.write("postgres", line)
      }).pipe(
        Effect.mapError(
          ({ reason }) => new PartFailed({ part: "postgres", message: reason })
        )
      ),
    ready: Effect.void
  } satisfies Part
})

/** The embedded ClickHouse, chdb behind the HTTP interface. */
export const clickhousePart = Effect.gen(function* () {
  const { data, portBase } = yield* StackSettings
  const { clickhousePassword } = yield* Secrets
  const logs = yield* LogStream
  const port = portBase + storePorts.clickhouse
  return {
    name: "clickhouse",
    port,
    needs: [],
    stopSignal: "SIGTERM",
    once: false,
    start: (onSpawn) =>
      EmbeddedClickHouse.start({
        dataDir: join(data, "clickhouse"),
        port,
        password: Redacted.value(clickhousePassword),
        onSpawn,
        onLog: (line) => logs.write("clickhouse", line)
      }).pipe(
        Effect.mapError(
          ({ message }) => new PartFailed({ part: "clickhouse", message })
        )
      ),
    ready: Effect.void
  } satisfies Part
})
