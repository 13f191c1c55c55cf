import { Duration, Effect } from "effect"
import { ImagesFailed } from "./ImagesFailed.ts"

export interface CommandOptions {
  readonly cwd?: string
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** 10 minutes without it. */
  readonly timeout?: Duration.Input
}

export interface Ended {
  readonly code: number
  /** stdout, and stderr after it. */
  readonly output: string
}

const shownLines = 40

/** Runs a program to its end, whatever that is; it is killed with the fiber. */
export const runCommand = Effect.fn("Command.run")(function* (
  command: ReadonlyArray<string>,
  { cwd, env, timeout = "10 minutes" }: CommandOptions = {}
) {
  const child = yield* Effect.acquireRelease(
    Effect.try({
      try: () =>
        Bun.spawn([...command], {
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, ...env },
          ...(cwd === undefined ? {} : { cwd })
        }),
      catch: (error) =>
        new ImagesFailed({ message: `${command[0]} does not start: ${error}` })
    }),
    (running) => Effect.sync(() => running.kill("SIGKILL"))
  )
  return yield* Effect.promise(async (): Promise<Ended> => {
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text()
    ])
    return { code: await child.exited, output: (out + err).trim() }
  }).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () =>
        Effect.fail(
          new ImagesFailed({
            message: `${shown(command)} took longer than ${Duration.format(Duration.fromInputUnsafe(timeout))}`
          })
        )
    })
  )
}, Effect.scoped)

/** The same, failing with the end of what it wrote unless it ended with 0. */
export const run = Effect.fn("Command.must")(function* (
  command: ReadonlyArray<string>,
  options: CommandOptions = {}
) {
  const { code, output } = yield* runCommand(command, options)
  if (code === 0) return output
  return yield* new ImagesFailed({
    message: `${shown(command)} ended with ${code}:\n${output.split("\n").slice(-shownLines).join("\n")}`
  })
})

const shown = (command: ReadonlyArray<string>): string =>
  command.join(" ").slice(0, 200)
