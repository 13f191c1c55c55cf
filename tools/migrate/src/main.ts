import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Logger } from "effect"
import { Command } from "effect/cli"
import { migrate } from "./MigrateCommand.ts"

/** A tool at the terminal: one plain line a message, on stderr. */
const PlainLines = Logger.layer([
  Logger.withConsoleError(Logger.make(({ message }) => [message].flat().join(" ")))
])

if (import.meta.main) {
  migrate.pipe(
    Command.run({ version: "1.0.0" }),
    Effect.provide(Layer.mergeAll(PostgresConfig.layer, ClickHouseConfig.layer)),
    Effect.provide(NodeServices.layer),
    Effect.tapError((error) => Effect.logError(error.message)),
    Effect.provide(PlainLines),
    NodeRuntime.runMain({ disableErrorReporting: true })
  )
}
