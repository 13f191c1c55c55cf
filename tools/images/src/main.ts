import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Logger, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { run } from "./Command.ts"
import { Engine } from "./Engine.ts"
import { tableOf } from "./table.ts"
import { verify } from "./Verify.ts"

const root = resolve(import.meta.dirname, "../../..")

const folderOf = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-images-"))),
  // Many files: several times as fast as Bun's own.
  (folder) => Effect.ignore(run(["rm", "-rf", folder]))
)

const command = Command.make(
  "verify-images",
  {
    keep: Flag.String("keep").pipe(
      Flag.withDescription("A folder for the engine and its images, to use them again"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ keep }) {
    const folder = Option.isSome(keep) ? resolve(keep.value) : yield* folderOf
    const verified = yield* verify(root, folder).pipe(
      Effect.provide(Engine.layer(join(folder, "engine")))
    )
    process.stdout.write(tableOf(verified))
  }, Effect.scoped)
)

const PlainLines = Logger.layer([
  Logger.withConsoleError(Logger.make(({ message }) => [message].flat().join(" ")))
])

if (import.meta.main) {
  command.pipe(
    Command.run({ version: "1.0.0" }),
    Effect.provide(NodeServices.layer),
    Effect.tapError((error) => Effect.logError(error.message)),
    Effect.tapDefect((defect) => Effect.logError(String(defect))),
    Effect.provide(PlainLines),
    NodeRuntime.runMain({ disableErrorReporting: true })
  )
}
