import { Effect, Layer } from "effect"
import { LogStream, loggerLayer } from "./LogStream.ts"
import type { Part } from "./Part.ts"
import { requireFree } from "./Ports.ts"
import { RunFiles } from "./RunFiles.ts"
import { startParts } from "./Stack.ts"
import type { StackFile } from "./StackFile.ts"
import { StackSettings, type StartOptions } from "./StackSettings.ts"
import { keepWatchdog } from "./Watchdog.ts"

/** The data directory is claimed, and what a dead supervisor left is ended, by this layer. */
export const supervisorLayer = (options: StartOptions) =>
  RunFiles.layer.pipe(
    Layer.provideMerge(loggerLayer),
    Layer.provideMerge(LogStream.layer),
    Layer.provideMerge(StackSettings.layer(options))
  )

/** Runs parts until it is interrupted; `stack.json` stands once all are ready. */
export const runParts = <E, R, E2, R2>(
  parts: ReadonlyArray<Part>,
  content: Effect.Effect<Omit<StackFile, "pids">, E, R>,
  whenReady: Effect.Effect<void, E2, R2>
) =>
  Effect.gen(function* () {
    const { portBase } = yield* StackSettings
    const files = yield* RunFiles
    yield* requireFree(parts, portBase)
    yield* keepWatchdog
    yield* Effect.logInfo(`starting ${parts.map(({ name }) => name).join(", ")}`)
    yield* startParts(parts)
    yield* files.publish(yield* content)
    yield* Effect.logInfo("all parts are ready")
    yield* whenReady
    return yield* Effect.never
  }).pipe(
    Effect.onExit(() => Effect.logInfo("stopping")),
    Effect.scoped
  )
