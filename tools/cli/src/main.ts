import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import { demoCommand } from "./commands/DemoCommand.ts"
import { doctorCommand } from "./commands/DoctorCommand.ts"
import { importCommand } from "./commands/ImportCommand.ts"
import { jobsCommand } from "./commands/JobsCommand.ts"
import { keyCommand } from "./commands/KeyCommand.ts"
import { modelCommand } from "./commands/ModelCommand.ts"
import { peopleCommand } from "./commands/PeopleCommand.ts"
import { projectCommand } from "./commands/ProjectCommand.ts"
import { queryCommand } from "./commands/QueryCommand.ts"
import { reportCommand } from "./commands/ReportCommand.ts"
import { schedulesCommand } from "./commands/SchedulesCommand.ts"
import { shardsCommand } from "./commands/ShardsCommand.ts"
import { tailCommand } from "./commands/TailCommand.ts"
import { typesCommand } from "./commands/TypesCommand.ts"

/** The command line tool: `bun run cli --help`. */
export const cli = Command.make("cli").pipe(
  Command.withDescription("Analytics from the command line"),
  Command.withSubcommands([
    projectCommand,
    keyCommand,
    typesCommand,
    importCommand,
    queryCommand,
    peopleCommand,
    tailCommand,
    jobsCommand,
    schedulesCommand,
    modelCommand,
    reportCommand,
    shardsCommand,
    doctorCommand,
    demoCommand
  ])
)

if (import.meta.main)
  Command.run(cli, { version: "0.1.0" }).pipe(
    Effect.tapError((error) =>
      "message" in error ? Console.error(`error: ${error.message}`) : Effect.void
    ),
    Effect.provide(Layer.merge(NodeServices.layer, FetchHttpClient.layer)),
    NodeRuntime.runMain({ disableErrorReporting: true })
  )
