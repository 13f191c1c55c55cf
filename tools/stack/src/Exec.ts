import { spawn } from "node:child_process"
import { Effect } from "effect"
import { commonEnvironment, serviceEnvironment } from "./Environment.ts"
import { PartFailed } from "./Part.ts"
import { Secrets } from "./Secrets.ts"
import { StackSettings } from "./StackSettings.ts"
import { services } from "./services.ts"

/**
 * Runs a program on this terminal with the stores, keys and URLs of the local stack, so that
 * migrations work on it, or one service (`as`) runs alone beside the others.
 * @returns its exit code.
 */
export const exec = Effect.fn("Exec.exec")(function* (
  command: ReadonlyArray<string>,
  as: string | undefined
) {
  const settings = yield* StackSettings
  const common = commonEnvironment(process.env, settings, yield* Secrets)
  const service = services.find(({ name }) => name === as)
  const env = service ? serviceEnvironment(common, service, settings) : common
  const [program = "", ...args] = command
  return yield* Effect.callback<number, PartFailed>((resume) => {
    const child = spawn(program, args, { env, stdio: "inherit" })
    child.on("error", ({ message }) =>
      resume(Effect.fail(new PartFailed({ part: program, message })))
    )
    child.on("exit", (code) => resume(Effect.succeed(code ?? 1)))
    return Effect.callback<void>((ended) => {
      child.on("exit", () => ended(Effect.void))
      if (!child.kill("SIGTERM")) ended(Effect.void)
    }).pipe(Effect.timeoutOption("15 seconds"), Effect.asVoid)
  })
}, Effect.provide(Secrets.layer))
