import { join } from "node:path"
import { Cause, Context, Effect, Layer, Logger } from "effect"
import { openLogFile } from "./LogFile.ts"
import { StackSettings } from "./StackSettings.ts"

const palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94]
const tailLines = 20
const heldLines = 500

/**
 * The one log of the stack: a line of a part is written behind the part's name, to the
 * terminal (in the part's colour) when there is one, and always to `$STACK_DATA/stack.log`.
 */
export class LogStream extends Context.Service<
  LogStream,
  {
    write(part: string, line: string): void
    /** The last lines of a part, oldest first, for a message about it. */
    tail(part: string): ReadonlyArray<string>
    /** Leaves the terminal to `program`; the last lines of the meantime follow after it. */
    withTerminalHeld<A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
  }
>()("@analytics/stack/LogStream") {
  static readonly layer = Layer.effect(
    LogStream,
    Effect.gen(function* () {
      const { color, data, terminal } = yield* StackSettings
      const file = yield* Effect.acquireRelease(
        Effect.sync(() => openLogFile(join(data, "stack.log"))),
        (log) => Effect.sync(() => log.close())
      )
      return LogStream.of(
        makeLogStream({
          color,
          toFile: file.append,
          toTerminal: terminal ? (text) => void process.stdout.write(text) : undefined
        })
      )
    })
  )
}

export interface Sinks {
  readonly color: boolean
  readonly toFile: (text: string) => void
  readonly toTerminal: ((text: string) => void) | undefined
}

export const makeLogStream = ({
  color,
  toFile,
  toTerminal
}: Sinks): LogStream["Service"] => {
  const tails = new Map<string, Array<string>>()
  const colors = new Map<string, number>()
  let held: Array<string> | undefined

  const prefix = (part: string): string => {
    const name = part.padEnd(14)
    if (!color) return `${name} | `
    const code = colors.get(part) ?? palette[colors.size % palette.length] ?? 36
    colors.set(part, code)
    return `\u001b[${code}m${name} |\u001b[0m `
  }

  return {
    write: (part, line) => {
      const lines = tails.get(part) ?? []
      tails.set(part, lines)
      lines.push(line)
      if (lines.length > tailLines) lines.shift()
      toFile(`${new Date().toISOString()} ${part.padEnd(14)} | ${line}\n`)
      const text = `${prefix(part)}${line}\n`
      if (held === undefined) toTerminal?.(text)
      else if (held.push(text) > heldLines) held.shift()
    },
    tail: (part) => tails.get(part) ?? [],
    withTerminalHeld: (program) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          held = []
        }),
        () => program,
        () =>
          Effect.sync(() => {
            for (const text of held ?? []) toTerminal?.(text)
            held = undefined
          })
      )
  }
}

/** The stack's own messages go into the same stream. */
export const loggerLayer = Logger.layer([
  Effect.map(LogStream, (logs) =>
    Logger.make(({ cause, logLevel, message }) => {
      const words = Array.isArray(message) ? message : [message]
      const level = logLevel === "Info" ? "" : `${logLevel.toUpperCase()}: `
      logs.write("stack", `${level}${words.join(" ")}`)
      if (cause.reasons.length > 0) logs.write("stack", Cause.pretty(cause))
    })
  )
])
